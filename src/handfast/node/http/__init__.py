"""The node's own HTTP interface: panels, the owner's pages and devices, the public log."""
