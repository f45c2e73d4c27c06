"""RTSP/1.0 messages: requests out, answers in (RFC 2326)."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from handfast.media.faults import MediaFormatError

OK: Final = 200
UNAUTHORIZED: Final = 401

MOST_HEADER: Final = 16 * 1024
MOST_BODY: Final = 256 * 1024
_STATUS_LINE: Final = re.compile(r"RTSP/\d\.\d (\d{3})(?: (.*))?", re.DOTALL)
BEGINNING: Final = len("RTSP/")
_LENGTH: Final = re.compile(r"[0-9]{1,7}")
_REQUEST_LINE: Final = re.compile(r"([A-Z_]{3,20}) (\S+) RTSP/\d\.\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One RTSP message.

    Attributes:
        status: Of an answer, 100 to 999; 0 for a request.
        method: Of a request; empty for an answer.
        reason: The answer's phrase, or the request's address.
        headers: Names in lower case; the values of a name given more than once, in order.
        body: Exactly Content-Length bytes.
    """

    status: int = 0
    method: str = ""
    reason: str = ""
    headers: dict[str, tuple[str, ...]]
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the first value of a header (name in lower case), or empty."""
        return self.headers.get(name, ("",))[0]


def parse_message(data: bytes) -> tuple[Message, int] | None:
    """Parse the message at the start of `data`.

    Returns:
        The message and how many bytes it took; None when more bytes are needed.

    Raises:
        MediaFormatError: It is no RTSP message, or exceeds `MOST_HEADER` or `MOST_BODY`.
    """
    end = data.find(b"\r\n\r\n", 0, MOST_HEADER)
    if end < 0:
        if len(data) >= MOST_HEADER:
            raise MediaFormatError(f"RTSP header exceeds {MOST_HEADER} bytes")
        if not begins_message(data[:BEGINNING]):
            raise MediaFormatError(f"answer begins with {data[:5].hex()}, not like RTSP")
        return None
    first, *rest = data[:end].decode("utf-8", "replace").split("\r\n")
    headers = _headers(rest)
    length = headers.get("content-length", ("0",))[0]
    if not _LENGTH.fullmatch(length) or int(length) > MOST_BODY:
        raise MediaFormatError(f"RTSP Content-Length {length[:20]!r} is not 0 to {MOST_BODY}")
    stop = end + 4 + int(length)
    if len(data) < stop:
        _first_line(first, headers, b"")
        return None
    return _first_line(first, headers, data[end + 4 : stop]), stop


def begins_message(word: bytes | bytearray) -> bool:
    """Tell whether the first `BEGINNING` bytes (or fewer) can begin a message."""
    method = word.replace(b"_", b"")
    return b"RTSP/".startswith(word) or (method.isalpha() and method.isupper())


def request(method: str, url: str, headers: dict[str, str]) -> bytes:
    """Write a request without a body; `headers` keep their order."""
    lines = [
        f"{method} {url} RTSP/1.0",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _headers(lines: list[str]) -> dict[str, tuple[str, ...]]:
    headers: dict[str, tuple[str, ...]] = {}
    for line in lines:
        name, separator, value = line.partition(":")
        if separator:
            key = name.strip().lower()
            headers[key] = (*headers.get(key, ()), value.strip())
    return headers


def _first_line(line: str, headers: dict[str, tuple[str, ...]], body: bytes) -> Message:
    if status := _STATUS_LINE.fullmatch(line):
        return Message(
            status=int(status[1]), reason=status[2] or "", headers=headers, body=body
        )
    if ask := _REQUEST_LINE.fullmatch(line):
        return Message(method=ask[1], reason=ask[2], headers=headers, body=body)
    raise MediaFormatError(f"{line[:40]!r} is no RTSP status or request line")


def track_url(base: str, control: str) -> str:
    """Resolve a track's control attribute against the session's base (RFC 2326 C.1.1).

    Most cameras mean "append a path segment" even when the base lacks the final slash, and
    some put a query into the base; both are honoured.
    """
    if not control or control == "*":
        return base
    if urlsplit(control).scheme:
        return control
    parts = urlsplit(base)
    if parts.query:
        return base + "/" + control
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    if control.startswith("/"):
        return urljoin(base, control)
    return urlunsplit((parts.scheme, parts.netloc, path + control, "", ""))
