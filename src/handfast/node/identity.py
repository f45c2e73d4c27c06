"""Who this node is: its key, its log's name, and the files that say so."""

import msgspec

from handfast.audit.note import NoteKey
from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import InvalidError
from handfast.node.config import NodeConfig, read_secret
from handfast.node.trust import Self
from handfast.seal.identity import Envelope, SigningKey


class NodeCard(msgspec.Struct, frozen=True, kw_only=True):
    """A node's public side, `node.json`; the owner certifies it, agreements pin it."""

    id: str
    name: str
    sign: str
    log: str


def log_vkey(origin: str, key: SigningKey) -> str:
    """Return the verifier key of the log a node signs."""
    return NoteKey(name=origin, public=key.public).vkey


def node_card(node: str, name: str, *, origin: str, key: SigningKey) -> NodeCard:
    """Write a node's public side."""
    return NodeCard(id=node, name=name, sign=b64(key.public), log=log_vkey(origin, key))


def read_key(config: NodeConfig) -> SigningKey:
    """Read the node's signing key.

    Raises:
        InvalidError: It is missing, open to others or no key.
    """
    return SigningKey.from_pem(read_secret(config.path(config.table.key)))


def read_certificate(config: NodeConfig) -> Envelope:
    """Read the owner root's certificate of this node, which the hub asks for.

    Raises:
        InvalidError: It is missing or malformed.
    """
    path = config.path(config.table.certificate)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Envelope)
    except (OSError, msgspec.DecodeError) as error:
        raise InvalidError(
            f"{path}: {error}; certify node.json with `handfast owner certify --node`"
        ) from error


def about_self(config: NodeConfig, key: SigningKey) -> Self:
    """Return what an agreement must say of this node."""
    return Self(
        node=config.site.node,
        owner=config.site.owner,
        owner_root=unb64(config.table.owner.root),
        sign=key.public,
        log=log_vkey(config.log_origin, key),
    )
