"""HTTP to somebody else's server: what came back, and what may have happened where nothing came back."""
