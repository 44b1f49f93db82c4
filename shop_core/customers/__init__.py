"""People, and who they are on each channel."""
