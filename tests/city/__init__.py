"""A small city for tests of the hub: people with real keys, a node on cue, a running hub."""
