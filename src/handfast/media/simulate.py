"""Simulated cameras: any number of real RTSP streams out of one asyncio process."""

import asyncio
import base64
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from handfast.kit.clock import Clock
from handfast.media import rtp
from handfast.media.faults import MediaFormatError
from handfast.media.rtsp import Message, parse_message
from handfast.media.sim_login import SimLogin
from handfast.media.sim_packets import PAYLOAD_TYPE, PacketLoop
from handfast.media.sim_player import Player
from handfast.media.units import Codec, StreamName

_PATH: Final = re.compile(r"/cam(\d{1,4})(/sub)?(?:/|$)")
_PUBLIC: Final = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
_READ: Final = 65536
_MOST_WAITING: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SimSettings:
    """What the simulated cameras are.

    Attributes:
        count: Cameras `/cam0` to `/cam<count-1>`, each also with `/sub`.
        main: Clips of the main streams; camera n plays clip n modulo their number.
        sub: Clips of the sub-streams, likewise.
        login: Who may watch, or None for anybody.
        tls: Serve RTSPS with this context instead of RTSP.
    """

    count: int
    main: Sequence[PacketLoop]
    sub: Sequence[PacketLoop]
    login: SimLogin | None = None
    tls: ssl.SSLContext | None = None


class Simulator:
    """Serves the cameras on one port of one address."""

    def __init__(self, settings: SimSettings, clock: Clock) -> None:
        """Take what to serve; `start` opens the port."""
        self._settings = settings
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._viewers: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Open the port (0: any free one) and return its number."""
        self._server = await asyncio.start_server(
            self._serve, host, port, ssl=self._settings.tls, backlog=1024
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server:
            self._server.close()
        await asyncio.sleep(0)  # whoever was just accepted has a task by now
        for task in list(self._viewers):
            task.cancel()
        await asyncio.gather(*self._viewers, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports let go of their sockets

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._viewers.add(task)
        viewer = _Viewer(self._settings, self._clock, writer)
        try:
            await viewer.serve(reader)
        except (ConnectionError, MediaFormatError, asyncio.CancelledError):
            pass  # the viewer is gone, or speaks no RTSP
        finally:
            with suppress(asyncio.CancelledError):  # all stop while this one is leaving
                await viewer.end()
            self._viewers.discard(task)


class _Viewer:
    """One connection: answers requests, runs the player."""

    def __init__(
        self, settings: SimSettings, clock: Clock, writer: asyncio.StreamWriter
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._writer = writer
        self._player: Player | None = None
        self._task: asyncio.Task[None] | None = None

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Read requests and RTCP until the viewer leaves."""
        waiting = b""
        while data := await reader.read(_READ):
            waiting += data
            while waiting:
                used = self._take(waiting)
                if not used:
                    break
                waiting = waiting[used:]
            if len(waiting) > _MOST_WAITING or self._writer.is_closing():
                return

    async def end(self) -> None:
        """Stop sending and close the connection, even when cancelled meanwhile."""
        self._writer.transport.abort()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _take(self, waiting: bytes) -> int:
        """Take one request or RTCP packet; returns its size, 0 when it is incomplete."""
        if waiting[0] == ord("$"):
            size = 4 + int.from_bytes(waiting[2:4], "big")
            if len(waiting) < max(size, 4):
                return 0
            if self._player and rtp.is_picture_loss(waiting[4:size]):
                self._player.jump_to_key()
            return size
        parsed = parse_message(waiting)
        if parsed is None:
            return 0
        self._writer.write(self._answer(parsed[0]))
        if parsed[0].method == "PLAY" and self._player:
            self._task = self._task or asyncio.create_task(self._play(self._player))
        return parsed[1]

    async def _play(self, player: Player) -> None:
        await player.play()
        self._writer.close()

    def _answer(self, message: Message) -> bytes:
        login = self._settings.login
        if message.method == "OPTIONS":
            return _reply(message, {"Public": _PUBLIC})
        if login and not login.accepts(message):
            return _reply(message, {"WWW-Authenticate": login.challenge()}, "401 Unauthorized")
        place = _PATH.search(message.reason)
        if place is None or int(place[1]) >= self._settings.count:
            return _reply(message, {}, "404 Not Found")
        camera, stream = int(place[1]), "sub" if place[2] else "main"
        return self._answer_for(message, camera, "sub" if stream == "sub" else "main")

    def _answer_for(self, message: Message, camera: int, stream: StreamName) -> bytes:
        clips = self._settings.sub if stream == "sub" else self._settings.main
        clip = clips[camera % len(clips)]
        session = {"Session": f"{camera:08d};timeout=60"}
        match message.method:
            case "DESCRIBE":
                return _describe(message, clip)
            case "SETUP":
                if "TCP" not in message.header("transport"):
                    return _reply(message, {}, "461 Unsupported Transport")
                transport = f"RTP/AVP/TCP;unicast;interleaved=0-1;ssrc={camera + 1:08X}"
                self._player = Player(
                    clip, self._writer.transport, camera=camera, clock=self._clock
                )
                return _reply(message, {"Transport": transport, **session})
            case "PLAY" | "GET_PARAMETER" | "TEARDOWN":
                return _reply(message, session)
            case _:
                return _reply(message, {}, "501 Not Implemented")


def _reply(
    message: Message, headers: dict[str, str], status: str = "200 OK", body: str = ""
) -> bytes:
    lines = [f"RTSP/1.0 {status}", f"CSeq: {message.header('cseq')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _describe(message: Message, clip: PacketLoop) -> bytes:
    sets = [base64.b64encode(nal).decode() for nal in clip.parameter_sets]
    if clip.codec is Codec.H264:
        name = "H264"
        level = clip.parameter_sets[0][1:4].hex()
        sprops = f"sprop-parameter-sets={','.join(sets)}"
        parameters = f"packetization-mode=1; profile-level-id={level}; {sprops}"
    else:
        name = "H265"
        names = ("sprop-vps", "sprop-sps", "sprop-pps")
        parameters = "; ".join(
            f"{sprop}={text}" for sprop, text in zip(names, sets, strict=False)
        )
    body = "\r\n".join(
        (
            "v=0",
            "o=- 0 0 IN IP4 127.0.0.1",
            "s=camera",
            "c=IN IP4 0.0.0.0",
            "t=0 0",
            "a=control:*",
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
            f"a=rtpmap:{PAYLOAD_TYPE} {name}/90000",
            f"a=fmtp:{PAYLOAD_TYPE} {parameters}",
            "a=framerate:25",
            "a=control:trackID=0",
            "",
        )
    )
    base = message.reason.rstrip("/") + "/"
    return _reply(message, {"Content-Base": base, "Content-Type": "application/sdp"}, body=body)
