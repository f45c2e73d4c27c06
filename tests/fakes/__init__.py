"""One fake for each port, held to the same contract test as the real thing."""
