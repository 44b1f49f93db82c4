"""Tests of the shop itself, without any channel."""
