"""Real processes, real browsers."""
