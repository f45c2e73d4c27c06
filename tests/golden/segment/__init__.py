"""Golden bytes of the sealed segment and of a release."""
