"""Answering a camera's challenge: Digest (MD5, SHA-256, with and without qop) and Basic."""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from handfast.media.faults import MediaFormatError

_PARAMETER: Final = re.compile(r'([A-Za-z0-9_-]{1,32})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))')
_MOST_CHALLENGE: Final = 4096


def _md5(data: bytes) -> str:
    # What the camera demands (RFC 7616 section 3.3), no choice of ours.
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# In the order of preference (RFC 7616 section 3.7: the strongest the client knows).
_HASHES: Final[dict[str, Callable[[bytes], str]]] = {"SHA-256": _sha256, "MD5": _md5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A camera's user and password; never printed."""

    user: str = field(repr=False)
    password: str = field(repr=False)


class Authenticator:
    """Answers one camera's challenge; counts nonce use. One connection, one thread."""

    def __init__(self, credentials: Credentials, *, client_nonce: str) -> None:
        """Take who we are and an unpredictable hexadecimal string for qop."""
        self._credentials = credentials
        self._client_nonce = client_nonce
        self._scheme = ""
        self._parameters: dict[str, str] = {}
        self._uses = 0

    def challenge(self, values: Sequence[str]) -> None:
        """Choose among the WWW-Authenticate values of a 401.

        Raises:
            MediaFormatError: None of them can be answered.
        """
        offers = [_parse_challenge(value) for value in values]
        for algorithm in _HASHES:
            for scheme, parameters in offers:
                if scheme == "digest" and _algorithm(parameters) == algorithm:
                    self._scheme, self._parameters, self._uses = scheme, parameters, 0
                    return
        if any(scheme == "basic" for scheme, _ in offers):
            self._scheme, self._parameters = "basic", {}
            return
        raise MediaFormatError(f"camera asks for {len(offers)} kinds of login, none is known")

    def header(self, method: str, url: str) -> dict[str, str]:
        """Return the Authorization header for one request; empty before a challenge."""
        if not self._scheme:
            return {}
        if self._scheme == "basic":
            both = f"{self._credentials.user}:{self._credentials.password}".encode()
            return {"Authorization": "Basic " + base64.b64encode(both).decode()}
        return {"Authorization": "Digest " + self._digest(method, url)}

    def _digest(self, method: str, url: str) -> str:
        """Compute the response of RFC 7616 section 3.4.1."""
        offer = self._parameters
        self._uses += 1
        qop = "auth" if "auth" in re.split(r"[,\s]+", offer.get("qop", "")) else ""
        count = f"{self._uses:08x}"
        response = digest_response(
            self._credentials,
            offer,
            request=(method, url),
            proof=(qop, count, self._client_nonce),
        )
        fields = {
            "username": self._credentials.user,
            "realm": offer.get("realm", ""),
            "nonce": offer.get("nonce", ""),
            "uri": url,
            "response": response,
        }
        text = ", ".join(f'{name}="{_escape(value)}"' for name, value in fields.items())
        if "opaque" in offer:
            text += f', opaque="{_escape(offer["opaque"])}"'
        if "algorithm" in offer:
            text += f", algorithm={_algorithm(offer)}"
        if qop:
            text += f', qop={qop}, nc={count}, cnonce="{self._client_nonce}"'
        return text


def digest_response(
    credentials: Credentials,
    offer: dict[str, str],
    *,
    request: tuple[str, str],
    proof: tuple[str, str, str],
) -> str:
    """Compute a digest response (RFC 7616 section 3.4.1).

    Args:
        credentials: Whose.
        offer: Parameters of the challenge: realm, nonce, algorithm.
        request: Method and address.
        proof: Chosen qop (`auth` or empty), nonce count as 8 hex digits, client nonce.
    """
    digest = _HASHES[_algorithm(offer)]
    realm, nonce = offer.get("realm", ""), offer.get("nonce", "")
    secret = digest(f"{credentials.user}:{realm}:{credentials.password}".encode())
    asked = digest(":".join(request).encode())
    qop, count, client_nonce = proof
    middle = f"{nonce}:{count}:{client_nonce}:{qop}" if qop else nonce
    return digest(f"{secret}:{middle}:{asked}".encode())


def parameters(text: str) -> dict[str, str]:
    """Read `name="value"` pairs of a challenge or an answer; names in lower case."""
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(text[:_MOST_CHALLENGE]):
        quoted = match[2]
        plain = match[3] or ""
        found[match[1].lower()] = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
    return found


def _parse_challenge(value: str) -> tuple[str, dict[str, str]]:
    scheme, _, rest = value.strip().partition(" ")
    return scheme.lower(), parameters(rest)


def _algorithm(offer: dict[str, str]) -> str:
    name = offer.get("algorithm", "MD5").upper()
    return name if name in _HASHES else ""


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "")
