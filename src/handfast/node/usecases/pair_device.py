"""A new device of the owner's: a one-time code printed at the node lets it leave its request.

The code only keeps strangers from filling the folder. Authority comes later and elsewhere:
the owner compares the fingerprint and certifies the request with the offline root. The other
way round, the link that carries the code also names the owner's root, so that the device
refuses a page whose node names another one.
"""

import hashlib
from pathlib import Path

import msgspec

from handfast.kit.clock import Clock
from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import DeniedError, NotFoundError
from handfast.kit.ids import Ids
from handfast.protocol.chain import read_enrolment
from handfast.seal.identity import Envelope, fingerprint
from handfast.storage.files import make_directory, write_durably

CODE_US = 15 * 60 * 1_000_000
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LETTERS = 10


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a code: its hash and its end."""

    sha256: str
    expires_us: int


class PairDevice:
    """Codes and requests in a folder of the node's data. Blocks for the disk."""

    def __init__(self, folder: Path, *, clock: Clock, ids: Ids) -> None:
        """Take the folder; it is made when missing."""
        self._codes = folder / "codes"
        self._requests = folder / "requests"
        self._clock = clock
        self._ids = ids
        make_directory(self._codes)
        make_directory(self._requests)

    def new_code(self) -> str:
        """Make a code that is good for one request within a quarter of an hour."""
        letters = (_ALPHABET[byte % len(_ALPHABET)] for byte in self._ids.secret(_LETTERS))
        code = "".join(letters)
        kept = Code(sha256=_hash(code), expires_us=self._clock.now_us() + CODE_US)
        write_durably(self._codes / f"{kept.sha256}.json", msgspec.json.encode(kept))
        return code

    def request(self, code: str, enrolment: Envelope) -> str:
        """Take a device's request and return its fingerprint; the code is used up.

        Raises:
            DeniedError: The code is unknown, used or too old.
            InvalidError: The request is malformed.
            CorruptError: It is not signed by the key inside.
        """
        asked = read_enrolment(enrolment)
        path = self._codes / f"{_hash(code.strip().upper())}.json"
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=Code)
            path.unlink()
        except FileNotFoundError:
            raise DeniedError("the pairing code is unknown or used; make a new one") from None
        if self._clock.now_us() >= kept.expires_us:
            raise DeniedError("the pairing code is too old; make a new one")
        device = fingerprint(unb64(asked.sign))
        path = self._requests / f"{device}.json"
        write_durably(path, msgspec.json.encode(enrolment) + b"\n")
        return device

    def waiting(self, device: str) -> Envelope:
        """Return a device's request.

        Raises:
            NotFoundError: It never asked.
        """
        path = self._requests / f"{device}.json"
        if len(device) != len(b64(bytes(32))) or not path.is_file():
            raise NotFoundError("no such device has asked; pair it again")
        return msgspec.json.decode(path.read_bytes(), type=Envelope)


def pairing_link(origin: str, code: str, *, root: str) -> str:
    """Return what is handed to the owner: the page, with code and root behind the `#`.

    Browsers send nothing behind `#` to a server (RFC 9110, section 4.2.5).

    Args:
        origin: Of the node's pages, without a slash at its end.
        code: As `new_code` made it.
        root: Fingerprint of the owner's root.
    """
    return f"{origin}/owner/#root={root}&pair={code}"


def _hash(code: str) -> str:
    return b64(hashlib.sha256(code.encode()).digest())
