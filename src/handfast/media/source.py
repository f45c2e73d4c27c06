"""How to reach one stream: address, login, encryption, reader."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from handfast.kit.errors import InvalidError
from handfast.media.rtsp_auth import Credentials
from handfast.media.units import StreamKey

ReaderName: TypeAlias = Literal["handfast", "pyav"]

_PORTS = {"rtsp": 554, "rtsps": 322}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsTrust:
    """Whom to believe on an RTSPS connection; cameras rarely have a public certificate.

    Exactly one way is chosen: a CA file, a fingerprint, or, explicitly, nobody. Without any of
    them the system's CAs decide.

    Attributes:
        ca_file: PEM file with the CA that signed the camera's certificate.
        sha256: SHA-256 of the camera's certificate (DER), 32 bytes.
        unverified: Encrypt, but accept any certificate. Says nothing about who answers.
    """

    ca_file: str = ""
    sha256: bytes = b""
    unverified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSource:
    """One stream to read.

    Attributes:
        key: Under which it is delivered.
        url: `rtsp://` or `rtsps://` address without user and password.
        credentials: Login, or None; never logged.
        trust: For `rtsps://`.
        audio: Record sound when the camera offers a coding we know.
        reader: `handfast` (RTSP over TCP) or `pyav` (UDP and odd cameras, one thread each).
    """

    key: StreamKey
    url: str
    credentials: Credentials | None = field(default=None, repr=False)
    trust: TlsTrust = field(default_factory=TlsTrust)
    audio: bool = True
    reader: ReaderName = "handfast"

    def __post_init__(self) -> None:
        """Refuse an address that can never work.

        Raises:
            InvalidError: Wrong scheme, no host, or a login inside the address.
        """
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise InvalidError("camera address holds a login; give it as credentials instead")
        if parts.scheme not in _PORTS or not parts.hostname:
            raise InvalidError(f"camera address {self.url!r} is not rtsp://host[:port]/path")

    @property
    def host(self) -> str:
        """Host name or numeric address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Port, 554 (rtsp) or 322 (rtsps) when the address names none."""
        parts = urlsplit(self.url)
        return parts.port or _PORTS[parts.scheme]

    @property
    def encrypted(self) -> bool:
        """Whether the connection is TLS."""
        return self.url.startswith("rtsps:")
