"""The login a simulated camera asks for."""

import base64
import hmac
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handfast.media.rtsp import Message
from handfast.media.rtsp_auth import Credentials, digest_response, parameters

Scheme: TypeAlias = Literal["MD5", "SHA-256", "basic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimLogin:
    """User, password, and how they are asked for.

    Attributes:
        credentials: Who may watch.
        scheme: Digest with MD5 or SHA-256 (qop auth), or Basic.
        nonce: The digest nonce of this run.
    """

    credentials: Credentials
    scheme: Scheme = "MD5"
    nonce: str

    def challenge(self) -> str:
        """Return the WWW-Authenticate header's value."""
        if self.scheme == "basic":
            return 'Basic realm="camera"'
        fields = f'realm="camera", nonce="{self.nonce}", algorithm={self.scheme}, qop="auth"'
        return f"Digest {fields}"

    def accepts(self, message: Message) -> bool:
        """Tell whether a request carries the right answer."""
        scheme, _, rest = message.header("authorization").partition(" ")
        if self.scheme == "basic":
            both = f"{self.credentials.user}:{self.credentials.password}".encode()
            expected = base64.b64encode(both).decode()
            return scheme == "Basic" and hmac.compare_digest(rest, expected)
        given = parameters(rest)
        expected = digest_response(
            self.credentials,
            {"realm": "camera", "nonce": self.nonce, "algorithm": self.scheme},
            request=(message.method, given.get("uri", "")),
            proof=("auth", given.get("nc", ""), given.get("cnonce", "")),
        )
        return scheme == "Digest" and hmac.compare_digest(given.get("response", ""), expected)
