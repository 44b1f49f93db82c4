"""Goods come in here: one folder for each upstream protocol. None is connected yet."""
