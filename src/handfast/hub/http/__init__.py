"""Routes: decode, one use case, encode. No rule and no SQL lives here."""
