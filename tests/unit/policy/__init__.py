"""Unit tests of the policy decision point."""
