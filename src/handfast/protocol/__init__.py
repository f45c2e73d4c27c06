"""What nodes, hub, agencies and browsers say to each other.

Golden bytes stand in tests/golden/protocol. `statements` carry authority and are signed;
`wire` only carries them. Pure: no I/O.
Reference: docs/reference/protocol.md.
"""
