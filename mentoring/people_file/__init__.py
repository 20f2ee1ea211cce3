"""A people file matched as it is: from a spreadsheet to explained pairs, without an academy and without a database."""
