"""Tests; `conftest` says in which order they run."""
