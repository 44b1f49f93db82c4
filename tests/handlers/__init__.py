"""The customers' conversation, through the one door that every channel uses."""
