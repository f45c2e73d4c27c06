"""`handfast redact --review`: look at a redaction, change it, approve it, export it.

`scan` runs the engine once and remembers what it decided by, `desk` holds the review and its
changes, `export` makes the result, `pages` serves all of it to one browser on this machine.
"""
