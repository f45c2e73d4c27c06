"""Frozen values and their invariants; no I/O, no keys, no clock."""
