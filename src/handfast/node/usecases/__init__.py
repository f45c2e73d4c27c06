"""What the node does for people, one verb per file."""
