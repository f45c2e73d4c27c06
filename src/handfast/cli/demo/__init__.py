"""`handfast demo`: a small city on one machine, with the real programs and real files.

`city` makes it once, `processes` runs it, `clerk` does what people with root keys would do.
"""
