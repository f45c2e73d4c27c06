"""Golden checkpoints, tiles and proofs of the log."""
