"""What the API of every feature stands on: operations, shapes, conditions and the document."""
