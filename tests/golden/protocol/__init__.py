"""Golden bytes of statements; a difference is a decision about the protocol."""
