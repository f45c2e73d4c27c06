"""`handfast redact`: the engine as a tool for anyone's files.

`command` reads the command line, `film` redacts one file, `report` says what was done.
"""
