"""Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).

A note is text, an empty line, and signature lines `— <name> <base64(key id || signature)>`.
Keys are Ed25519 (type 1). Lines by unknown keys, such as witnesses' cosignatures, are left
alone; a wrong line by a known key spoils the note.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from handfast.audit.tree import HASH_BYTES
from handfast.kit.errors import InvalidError
from handfast.seal.identity import SignatureError, SigningKey, verify

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_PUBLIC_BYTES = 32
_VKEY_PARTS = 3
_DASH = "\u2014 "
_LINES_LIMIT = 100  # signature lines; far more than there are witnesses
_NOTE_LIMIT = 1 << 20  # characters
_CHECKPOINT_LINES = 3
_SIZE_LIMIT = 1 << 63
_SIZE_TEXT = re.compile(r"0|[1-9][0-9]{0,18}")  # no leading zeros; bounded before it is read


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """A name and the Ed25519 key that signs under it.

    Attributes:
        name: Without spaces or plus; for a log it is the log's origin.
        public: Raw public key, 32 bytes.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Refuse names that a note could not carry."""
        if not self.name or "+" in self.name or self.name.split() != [self.name]:
            raise InvalidError(f"{self.name!r} is no key name: no spaces, no plus, not empty")
        if not self.name.isprintable() or len(self.public) != _PUBLIC_BYTES:
            raise InvalidError(f"the key of {self.name!r} is no printable name and Ed25519 key")

    @property
    def id(self) -> bytes:
        """The 4-byte key id: SHA-256(name || LF || type || key), cut."""
        named = self.name.encode() + b"\n" + _ED25519 + self.public
        return hashlib.sha256(named).digest()[:_KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as text: `<name>+<key id in hex>+<base64(type || key)>`."""
        return f"{self.name}+{self.id.hex()}+{_base64(_ED25519 + self.public)}"


def parse_vkey(vkey: str) -> NoteKey:
    """Read a verifier key.

    Raises:
        InvalidError: It is no vkey, not Ed25519, or its key id does not fit.
    """
    parts = vkey.strip().split("+", 2)  # base64 may itself hold a plus
    refusal = InvalidError(f"{vkey!r} is no Ed25519 vkey (name+hex+base64); copy it whole")
    if len(parts) != _VKEY_PARTS:
        raise refusal
    typed = _unbase64(parts[2])
    if typed is None or len(typed) != 1 + _PUBLIC_BYTES or typed[:1] != _ED25519:
        raise refusal
    key = NoteKey(name=parts[0], public=typed[1:])
    if key.id.hex() != parts[1].lower():
        raise refusal
    return key


def sign_note(text: str, name: str, key: SigningKey) -> str:
    """Sign text that ends with a newline, under a name.

    Raises:
        InvalidError: The text or the name cannot stand in a note.
    """
    _require_text(text)
    signer = NoteKey(name=name, public=key.public)
    line = _base64(signer.id + key.sign(text.encode()))
    return f"{text}\n{_DASH}{name} {line}\n"


def open_note(note: str, keys: Sequence[NoteKey]) -> str:
    """Return the text of a note if every one of `keys` signed it.

    Raises:
        InvalidError: It is no signed note.
        SignatureError: One of the keys did not sign, or its signature does not verify.
    """
    text, lines = _split(note)
    for key in keys:
        signatures = [
            value[_KEY_ID_BYTES:]
            for name, value in lines
            if name == key.name and value[:_KEY_ID_BYTES] == key.id
        ]
        if not signatures:
            raise SignatureError(f"the note is not signed by {key.name}; check the vkey")
        for signature in signatures:
            verify(key.public, text.encode(), signature)
    return text


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Split a note into its text and its signature lines as (name, bytes)."""
    end = note.rfind("\n\n")
    if end < 0 or not note.endswith("\n") or len(note) > _NOTE_LIMIT:
        raise InvalidError("no signed note: the empty line before the signatures is missing")
    text = note[: end + 1]
    _require_text(text)
    lines = note[end + 2 : -1].split("\n")
    if len(lines) > _LINES_LIMIT:
        raise InvalidError(f"a note with more than {_LINES_LIMIT} signatures is refused")
    return text, [_signature_line(line) for line in lines]


def _signature_line(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    value = _unbase64(encoded)
    if not line.startswith(_DASH) or not name or value is None or len(value) <= _KEY_ID_BYTES:
        raise InvalidError("no signed note: a signature line is malformed")
    return name, value


def _require_text(text: str) -> None:
    control = any(ord(letter) < ord(" ") and letter != "\n" for letter in text)
    if not text.endswith("\n") or control:
        raise InvalidError(
            "a note's text ends with a newline and has no other control characters"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A log's size and root at one moment.

    Attributes:
        origin: The log's name, the same as the name of its key.
        size: Entries.
        root: 32-byte root hash.
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text: origin, size and root, one a line."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Sign a checkpoint under its origin."""
    return sign_note(checkpoint.text, checkpoint.origin, key)


def open_checkpoint(note: str, key: NoteKey) -> Checkpoint:
    """Read a checkpoint that its log signed.

    Raises:
        InvalidError: It is no checkpoint, or another log's.
        SignatureError: The log did not sign it.
    """
    text = open_note(note, [key])
    lines = text.split("\n")
    if len(lines) <= _CHECKPOINT_LINES or "" in lines[:-1]:
        raise InvalidError("no checkpoint: origin, size and root must stand in three lines")
    checkpoint = parse_checkpoint(lines)
    if checkpoint.origin != key.name:
        raise InvalidError(f"the checkpoint is of {checkpoint.origin!r}, not of {key.name!r}")
    return checkpoint


def parse_checkpoint(lines: Sequence[str]) -> Checkpoint:
    """Read the first three lines; extension lines after them are ignored.

    Raises:
        InvalidError: Size or root are malformed.
    """
    origin, size, root = lines[:_CHECKPOINT_LINES]
    digest = _unbase64(root)
    plain = _SIZE_TEXT.fullmatch(size) is not None
    if not plain or int(size) >= _SIZE_LIMIT or digest is None or len(digest) != HASH_BYTES:
        raise InvalidError("no checkpoint: the size or the root hash is malformed")
    return Checkpoint(origin=origin, size=int(size), root=digest)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str) -> bytes | None:
    """Decode standard base64 with padding; only the one canonical text of a value."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if _base64(data) == text else None
