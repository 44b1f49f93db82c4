"""One person on several channels: a code that links two of them, becoming one, and leaving again."""
