"""Unit tests of the agency's server."""
