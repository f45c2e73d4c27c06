"""The site node: records, decides, logs and releases; everything sensitive happens here.

Read `app` first. `pep` is the only caller of `policy.decide` and the only writer to the
owner's log. Reference: docs/reference/protocol.md.
"""
