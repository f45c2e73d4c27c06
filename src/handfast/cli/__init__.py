"""The `handfast` program: parse arguments, call one use case, render; no decisions.

`main` holds the registry. Each command is a module with `add_to(commands)`, loaded when it is
asked for; see `command`.
"""
