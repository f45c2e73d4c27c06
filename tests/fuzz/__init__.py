"""Readers of what strangers send, run under a fuzzer that is guided by coverage (atheris)."""
