"""What a chat remembers between two messages: prompts, and keys that work once."""
