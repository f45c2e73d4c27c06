"""Keys, sealing and signatures: the only package that imports `cryptography`.

Read `docs/reference/segment-format.md` first; `format` is that page in code, `keytree` its
keys, `close` writes, `open` reads (and is out of the hub's reach), `release` hands keys over,
`identity` signs.
"""
