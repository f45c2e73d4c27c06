"""What is kept on a disk: small files, key periods, the index of segments, the outbox."""
