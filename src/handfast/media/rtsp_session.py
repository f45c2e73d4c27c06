"""One RTSP session from the first request to PLAY, without sockets (RFC 2326)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from handfast.media import rtsp, sdp
from handfast.media.faults import CameraFaultError, FaultCode, MediaFormatError
from handfast.media.rtsp import Message
from handfast.media.rtsp_auth import Authenticator
from handfast.media.sdp import MediaLine

DEFAULT_TIMEOUT_S: Final = 60.0  # RFC 2326 section 12.37
_SHORTEST_TIMEOUT_S: Final = 4.0
_LONGEST_TIMEOUT_S: Final = 3600.0
_MOST_LOGINS: Final = 2  # a second 401 is honoured once, for a stale nonce
_AGENT: Final = "handfast"
VIDEO_ENCODINGS: Final = frozenset({"H264", "H265"})
AUDIO_ENCODINGS: Final = frozenset({"MPEG4-GENERIC", "PCMU", "PCMA", "OPUS"})


@dataclass(slots=True, kw_only=True)
class OfferedTrack:
    """A track that was set up.

    Attributes:
        media: Its SDP lines.
        channel: Interleaved channel of its RTP; RTCP comes on `channel + 1`.
        first_timestamp: RTP timestamp that belongs to the start of play (RTP-Info), or None.
    """

    media: MediaLine
    channel: int
    url: str
    first_timestamp: int | None = None


class RtspSession:
    """Asks, reads answers, knows what to ask next. One connection, one thread.

    Attributes:
        tracks: Video first; filled while SETUP answers come in.
        timeout_s: The camera forgets the session after this long without a request.
        playing: Whether the camera has agreed to send.
    """

    def __init__(
        self, url: str, authenticator: Authenticator | None, *, audio: bool = True
    ) -> None:
        """Take the address (without credentials) and who logs in, if anybody."""
        self.tracks: list[OfferedTrack] = []
        self.timeout_s = DEFAULT_TIMEOUT_S
        self.playing = False
        self._url = self._base = url
        self._authenticator = authenticator
        self._audio = audio
        self._next: Callable[[Message], bytes] = self._after_options
        self._session = ""
        self._sequence = 0
        self._logins = 0
        self._waiting: list[OfferedTrack] = []
        self._keep_alive = "OPTIONS"
        self._last: tuple[str, str, dict[str, str]] = ("", "", {})

    def start(self) -> bytes:
        """Return the first request."""
        return self._ask("OPTIONS", self._url)

    def keep_alive(self) -> bytes:
        """Return the request that keeps the session; send it at half of `timeout_s`."""
        return self._ask(self._keep_alive, self._base, {"Session": self._session})

    def teardown(self) -> bytes:
        """Return the request that ends the session."""
        return self._ask("TEARDOWN", self._base, {"Session": self._session})

    def receive(self, message: Message) -> bytes:
        """Take a message of the camera and return what to send next, possibly nothing.

        Raises:
            CameraFaultError: The camera refuses, or offers nothing that can be recorded.
        """
        if message.method:
            return _decline(message)
        if message.header("cseq") not in {"", str(self._sequence)}:
            return b""  # an answer to a question asked before; its turn has passed
        if message.status == rtsp.UNAUTHORIZED:
            return self._log_in(message)
        try:
            return self._next(message)
        except MediaFormatError as error:
            raise CameraFaultError(FaultCode.SDP_MALFORMED, str(error)) from error

    def _ask(self, method: str, url: str, headers: dict[str, str] | None = None) -> bytes:
        self._sequence += 1
        self._last = (method, url, headers or {})
        login = self._authenticator.header(method, url) if self._authenticator else {}
        return rtsp.request(
            method,
            url,
            {
                "CSeq": str(self._sequence),
                "User-Agent": _AGENT,
                **{name: value for name, value in (headers or {}).items() if value},
                **login,
            },
        )

    def _log_in(self, message: Message) -> bytes:
        self._logins += 1
        if self._authenticator is None:
            raise CameraFaultError(
                FaultCode.CREDENTIALS_REFUSED, "camera asks for a login, none is configured"
            )
        stale = "stale=true" in message.header("www-authenticate").lower().replace('"', "")
        if self._logins > 1 and not (stale and self._logins <= _MOST_LOGINS):
            raise CameraFaultError(
                FaultCode.CREDENTIALS_REFUSED, "camera refuses user or password"
            )
        try:
            self._authenticator.challenge(message.headers.get("www-authenticate", ()))
        except MediaFormatError as error:
            raise CameraFaultError(FaultCode.CREDENTIALS_REFUSED, str(error)) from error
        method, url, headers = self._last
        return self._ask(method, url, headers)

    def _after_options(self, message: Message) -> bytes:
        if "GET_PARAMETER" in message.header("public").upper():
            self._keep_alive = "GET_PARAMETER"
        self._logins = 0
        self._next = self._after_describe
        return self._ask("DESCRIBE", self._url, {"Accept": "application/sdp"})

    def _after_describe(self, message: Message) -> bytes:
        self._require_ok(message)
        self._logins = 0
        description = sdp.parse_sdp(message.body)
        base = message.header("content-base") or message.header("content-location")
        self._base = rtsp.track_url(base or self._url, description.control)
        chosen = _choose(description.media, audio=self._audio)
        setup_base = base or self._url
        if description.control.startswith("rtsp"):
            setup_base = description.control
        self._waiting = [
            OfferedTrack(
                media=media,
                channel=2 * index,
                url=rtsp.track_url(setup_base, media.control),
            )
            for index, media in enumerate(chosen)
        ]
        return self._set_up_next()

    def _set_up_next(self) -> bytes:
        if not self._waiting:
            self._next = self._after_play
            return self._ask(
                "PLAY", self._base, {"Session": self._session, "Range": "npt=0.000-"}
            )
        self._next = self._after_setup
        track = self._waiting[0]
        channels = f"{track.channel}-{track.channel + 1}"
        return self._ask(
            "SETUP",
            track.url,
            {
                "Transport": f"RTP/AVP/TCP;unicast;interleaved={channels}",
                "Session": self._session,
            },
        )

    def _after_setup(self, message: Message) -> bytes:
        track = self._waiting.pop(0)
        if self.tracks and message.status != rtsp.OK:
            return self._set_up_next()  # audio is refused: record without it
        self._require_ok(message)
        self._logins = 0
        self._session, _, rest = message.header("session").partition(";")
        if found := re.search(r"timeout\s*=\s*(\d{1,6})", rest):
            self.timeout_s = min(max(float(found[1]), _SHORTEST_TIMEOUT_S), _LONGEST_TIMEOUT_S)
        if found := re.search(r"interleaved=(\d{1,3})", message.header("transport")):
            track.channel = int(found[1]) & 0xFF
        self.tracks.append(track)
        return self._set_up_next()

    def _after_play(self, message: Message) -> bytes:
        self._require_ok(message)
        self._logins = 0
        for part in message.header("rtp-info").split(","):
            found = re.search(r"url=([^;]*)(?:;.*)?;rtptime=(\d{1,10})(?:;|$)", part.strip())
            for track in self.tracks if found else ():
                if found and found[1].rstrip("/").endswith(track.url.rsplit("/", 1)[-1]):
                    track.first_timestamp = int(found[2]) & 0xFFFF_FFFF
        self.playing = True
        self._next = self._after_keep_alive
        return b""

    def _after_keep_alive(self, message: Message) -> bytes:
        self._logins = 0
        if message.status != rtsp.OK:
            self._keep_alive = "OPTIONS"
        return b""

    def _require_ok(self, message: Message) -> None:
        if message.status != rtsp.OK:
            phrase = f"{message.status} {message.reason[:60]}".strip()
            raise CameraFaultError(
                FaultCode.REQUEST_REFUSED, f"camera answers {phrase} to {self._last[0]}"
            )


def _choose(media: tuple[MediaLine, ...], *, audio: bool) -> list[MediaLine]:
    """Pick the first video that can be recorded, then the first such audio."""
    videos = [line for line in media if line.kind == "video"]
    known = [line for line in videos if line.encoding in VIDEO_ENCODINGS]
    if not known:
        offered = ", ".join(line.encoding or "unnamed" for line in videos) or "no video"
        raise CameraFaultError(
            FaultCode.CODEC_UNSUPPORTED, f"camera offers {offered[:80]}, not H.264 or H.265"
        )
    sounds = [
        line for line in media if line.kind == "audio" and line.encoding in AUDIO_ENCODINGS
    ]
    return known[:1] + (sounds[:1] if audio else [])


def _decline(message: Message) -> bytes:
    """Answer a request of the camera: politely, whatever it is (RFC 2326 section 10)."""
    sequence = message.header("cseq")[:12]
    status = (
        "200 OK" if message.method in {"OPTIONS", "GET_PARAMETER"} else "501 Not Implemented"
    )
    return f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n\r\n".encode()
