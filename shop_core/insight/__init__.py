"""Numbers for decisions."""
