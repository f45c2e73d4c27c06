"""Handfast: a city and its private partners keep people safe together, on trust."""

__version__ = "0.1.0"
