"""Tests of handfast.seal."""
