"""Goods bought on demand: who sells them to us, at what price, and what became of each purchase."""
