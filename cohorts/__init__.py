"""The orchestrator: rosters, workshops and the pages that show them together."""
