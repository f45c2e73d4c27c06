"""Tests of handfast.audit."""
