"""Unit tests of messages and chains."""
