"""Routes: decode, one use case, encode. No rule here."""
