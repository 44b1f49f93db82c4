"""Encryption of codes, and of whatever else must not lie around in clear."""
