"""The connection between nodes and hub: NATS, or in process. The only importer of `nats`.

`ports` says what both sides may rely on; tests/contract/test_bus.py holds both forms to it.
Reference: docs/reference/protocol.md, "Hub <-> node".
"""
