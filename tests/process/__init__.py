"""The real program, as its operator starts and stops it."""
