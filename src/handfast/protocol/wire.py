"""What hub and node, hub and browser exchange: carriers of statements and ciphertext.

Nothing here has authority. All bodies are JSON; unknown fields are ignored, so that
either side may be newer.
"""

from enum import StrEnum
from typing import Any, Literal

import msgspec

from handfast.model.media import Rendition, Stream
from handfast.protocol.statements import ManifestRun
from handfast.seal.identity import Envelope

OutboxKind = Literal["registration", "signal", "decision", "ended", "checkpoint"]


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """A single-use challenge of 32 random bytes, base64url."""

    challenge: str
    expires_us: int


class LoginChallenge(msgspec.Struct, frozen=True, kw_only=True):
    """What a device has to sign to log in at `audience`."""

    challenge: str
    audience: str
    expires_us: int


class LoginAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A signed login with the certificates up to, not including, the root."""

    login: Envelope
    chain: list[Envelope]


class LoginAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A session; the token is a secret of the browser that logged in."""

    token: str
    expires_us: int
    person: str
    name: str
    role: str


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """An access request on its way: the question, who asks, and what it is for."""

    request: Envelope
    chain: list[Envelope]
    incident: Envelope | None


class DecisionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The node's signed decision."""

    decision: Envelope


class RevocationLists(msgspec.Struct, frozen=True, kw_only=True):
    """What an agency has taken back: the newest list of each issuer.

    Attributes:
        certificates: Those of the issuers that are administrators, signed by the agency's
            root, so that whoever pins the root can check their lists.
    """

    revocations: list[Envelope]
    certificates: list[Envelope] = []


class Attach(msgspec.Struct, frozen=True, kw_only=True):
    """Start sending the live frames of a grant; `detach` and `end` carry the same."""

    grant: str


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """Whether live frames now flow; otherwise `reason` is an `access.Reason`."""

    ok: bool
    reason: str | None = None


class AliveAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A viewer's nonce for a grant: 16 random bytes, base64url."""

    grant: str
    nonce: str


class AliveAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The signed answer, or why there is none.

    Attributes:
        reason: `viewer-left` when nothing is attached for the grant (attach again),
            `time-box-ended` when the grant is over and its signed end is on the way,
            `nothing-recorded` before the first picture.
    """

    alive: Envelope | None
    reason: str | None = None


class RecordingsAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which segments hold `[from_us, until_us)` of a grant's camera."""

    grant: str
    from_us: int
    until_us: int


class OpenSegment(msgspec.Struct, frozen=True, kw_only=True):
    """The segment being written: its header (base64url) and its finished runs so far."""

    header: str
    segment: str
    runs: list[ManifestRun]


class Unmade(StrEnum):
    """Why a redacted range ends before its end."""

    FAILED = "redaction-failed"  # what covers people broke; asking again may help
    LEFT = "redaction-left"  # the same device wanted another one of the camera


class Recordings(msgspec.Struct, frozen=True, kw_only=True):
    """Finished segments as signed manifests, oldest first, and the open ones.

    Attributes:
        reason: Why the rest of a redacted range will not come (`Unmade`); what is listed
            can be had all the same.
        making: More of the range is being made; ask again in a moment.
    """

    manifests: list[Envelope]
    open: list[OpenSegment]
    reason: str | None = None
    making: bool = False


class BytesAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a segment file; `length` at most 1 MiB. The answer is raw bytes."""

    grant: str
    segment: str
    offset: int
    length: int


class OutboxItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something the hub must have committed before the node forgets it."""

    id: str
    sequence: int
    kind: OutboxKind
    body: Any  # one Envelope for all kinds but checkpoint, which is text


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """The hub's database holds item `committed`."""

    committed: str


class CameraHealth(msgspec.Struct, frozen=True, kw_only=True):
    """State of one stream: `connecting`, `recording` or `offline`, and why."""

    camera: str
    stream: Stream
    state: str
    reason: str


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """A node is there; sent every 2 s, never stored."""

    at_us: int
    cameras: list[CameraHealth]
    recording_bps: int


class StreamName(msgspec.Struct, frozen=True, kw_only=True):
    """Names one stream of pictures in subjects."""

    camera: str
    stream: Stream
    rendition: Rendition


class PanelReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an alarm panel says; `mac` as in protocol.md, over all other fields."""

    panel: str
    sequence: int
    signal: str
    state: Literal["raise", "renew", "clear"]
    test: bool
    lease_s: int
    at_us: int
    mac: str
