"""NATS subjects and who may use them (docs/reference/protocol.md, "Hub <-> node")."""

from dataclasses import dataclass

from handfast.model.media import Rendition, Stream


def ask(node: str, verb: str) -> str:
    """Return the subject on which the hub asks a node."""
    return f"hub.{node}.{verb}"


def outbox(node: str) -> str:
    """Return the subject of a node's outbox items."""
    return f"hf.{node}.outbox"


def heartbeat(node: str) -> str:
    """Return the subject of a node's heartbeats."""
    return f"hf.{node}.heartbeat"


def live(node: str, camera: str, stream: Stream, rendition: Rendition) -> str:
    """Return the subject of the live frames that all viewers of a stream share."""
    return f"hf.{node}.live.{camera}.{stream.value}.{rendition.value}"


def grant(node: str, grant_id: str) -> str:
    """Return the subject of the live frames of one grant."""
    return f"hf.{node}.grant.{grant_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Subject patterns a connection may publish to and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def inbox_prefix(node: str) -> str:
    """Return the prefix of a node's reply inboxes."""
    return f"_INBOX_{node}"


def node_permissions(node: str) -> Permissions:
    """Return what node `node` may do on the bus: speak as itself, hear what is for it."""
    return Permissions(
        publish=(f"hf.{node}.>",),
        subscribe=(f"hub.{node}.>", f"{inbox_prefix(node)}.>"),
    )
