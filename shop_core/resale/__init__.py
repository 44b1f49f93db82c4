"""Other shops that buy here by program: their keys, their orders, and telling them what became of these."""
