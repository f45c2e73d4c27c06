"""One stream's life: resolve, connect, log in, play, watch, try again."""

import logging
from concurrent.futures import Future
from typing import Final

from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media import resolve, rtp
from handfast.media.arrival import ArrivalClock
from handfast.media.demux import Demux
from handfast.media.faults import CameraFaultError, FaultCode
from handfast.media.link import Link
from handfast.media.resolve import Place, Resolver
from handfast.media.rtsp import Message
from handfast.media.rtsp_auth import Authenticator
from handfast.media.rtsp_session import RtspSession
from handfast.media.silence import Silence
from handfast.media.source import CameraSource
from handfast.media.stream_status import StreamStatus
from handfast.media.units import VIDEO, AccessUnit, Sink, TrackConfig

_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 5.0
_BETWEEN_KEYFRAME_REQUESTS_S: Final = 1.0
_MOST_READS: Final = 32  # TLS records taken from one camera per tick

_LOG: Final = logging.getLogger(__name__)


class CameraReader:
    """Reads one camera over RTSP without ever waiting. Ingest thread only.

    Attributes:
        status: What the sink was told, what was counted, when the next attempt is due.
        link: The connection, None between attempts.
        source: What is read.
    """

    def __init__(
        self, source: CameraSource, sink: Sink, *, clock: Clock, ids: Ids, resolver: Resolver
    ) -> None:
        """Take what to read and where to deliver; nothing happens before `tick`."""
        self.status = StreamStatus(source.key, sink, clock=clock, ids=ids)
        self.link: Link | None = None
        self.source = source
        self._sink = sink
        self._clock = clock
        self._ids = ids
        self._resolver = resolver
        self._own_ssrc = int.from_bytes(ids.secret(4), "big")
        self._demux: Demux | None = None
        self._session: RtspSession | None = None
        self._place: Future[Place] | None = None
        self._rest = b""
        self._arrival = ArrivalClock()
        self._deadline = 0.0  # of the step under way
        self._keep_alive_at = 0.0
        self._asked_at = 0.0
        self._keyframe_wanted = False
        self._silence = Silence(self.status.counters)

    def tick(self, now: float) -> None:
        """Do what time demands; `now` is monotonic seconds. Call some ten times a second."""
        try:
            self._tick(now)
        except CameraFaultError as fault:
            self.fail(fault)

    def stir(self, buffer: bytearray, view: memoryview) -> None:
        """Take what the socket has; `buffer` and `view` are scratch space of the loop."""
        try:
            if self.link is None:
                return
            if self.link.ready:
                self._read(self.link, buffer, view)
            elif self.link.advance():
                self._begin_talk(self.link)
        except CameraFaultError as fault:
            self.fail(fault)

    def request_keyframe(self) -> None:
        """Ask the camera for a keyframe soon; at most one request a second goes out."""
        self._keyframe_wanted = True

    def fail(self, fault: CameraFaultError) -> None:
        """End this attempt and plan the next one."""
        self._disconnect()
        self.status.fail(fault)

    def stop(self) -> None:
        """End the stream for good."""
        if self.link is not None and self._session is not None and self._session.playing:
            try:
                self.link.send(self._session.teardown())
            except CameraFaultError:
                _LOG.debug("stream %s was gone before its end", self.source.key)
        self._disconnect()
        self.status.stop()

    def _tick(self, now: float) -> None:
        if self.link is None:
            self._tick_unconnected(now)
        elif self._session is None or not self._session.playing:
            if now >= self._deadline:
                raise self._too_late()
        else:
            self._tick_playing(self.link, self._session, now)
        if self.link is not None and self.link.ready:
            self.link.flush()

    def _tick_unconnected(self, now: float) -> None:
        """Begin an attempt when it is due; go on when the name is resolved."""
        if self._place is None:
            if now < self.status.retry_at:
                return
            self._deadline = now + _CONNECT_S
            self.status.begin()
            self._place = self._resolver.look_up(self.source.host, self.source.port)
        if self._place.done():
            family, address = resolve.result(self._place, self.source.host)
            self.link = Link(self.source, family, address)
        elif now >= self._deadline:
            raise CameraFaultError(FaultCode.NAME_UNKNOWN, f"no answer for {self.source.host}")

    def _begin_talk(self, link: Link) -> None:
        login = self.source.credentials
        nonce = self._ids.secret(8).hex()
        authenticator = Authenticator(login, client_nonce=nonce) if login else None
        self._session = RtspSession(self.source.url, authenticator, audio=self.source.audio)
        self._arrival = ArrivalClock()
        self._demux = Demux(
            self.status.counters,
            message=self._on_message,
            configure=self._on_configure,
            deliver=self._on_unit,
        )
        self._deadline = self._clock.monotonic() + _ANSWER_S
        link.send(self._session.start())

    def _read(self, link: Link, buffer: bytearray, view: memoryview) -> None:
        if link.wants_write:
            link.flush()
        for _ in range(_MOST_READS):
            kept = len(self._rest)
            buffer[:kept] = self._rest
            count = link.receive(view[kept:])
            if count == 0:
                return
            self._arrival.read(self._clock.now_us())
            self.status.counters.bytes += count
            end = kept + count
            used = self._demux.feed(buffer, view, end) if self._demux else end
            self._rest = bytes(view[used:end])
            if not link.pending():
                return

    def _on_message(self, message: Message) -> None:
        session, demux, link = self._session, self._demux, self.link
        if session is None or demux is None or link is None:
            return
        was_playing = session.playing
        answer = session.receive(message)
        if answer.startswith(b"PLAY"):
            demux.expect(session.tracks)
        if answer:
            link.send(answer)
        if session.playing and not was_playing:
            demux.align(session.tracks)
            self._begin_play(session)

    def _begin_play(self, session: RtspSession) -> None:
        now = self._clock.monotonic()
        self._silence.begin(now)
        self._keep_alive_at = now + session.timeout_s / 2

    def _tick_playing(self, link: Link, session: RtspSession, now: float) -> None:
        if self._silence.check(now):
            self.status.play()
        if now >= self._keep_alive_at:
            self._keep_alive_at = now + session.timeout_s / 2
            link.send(session.keep_alive())
        video = self._demux.video if self._demux else None
        wanted = self._keyframe_wanted or (video is not None and video.gate.wants_key)
        if wanted and video and now >= self._asked_at + _BETWEEN_KEYFRAME_REQUESTS_S:
            self._asked_at = now
            self._keyframe_wanted = video.gate.wants_key = False
            self.status.counters.keyframe_requests += 1
            feedback = rtp.picture_loss(self._own_ssrc, max(video.ssrc, 0))
            link.send(rtp.interleave(session.tracks[0].channel + 1, feedback))

    def _on_configure(self, tracks: tuple[TrackConfig, ...]) -> None:
        self._sink.configured(self.source.key, tracks)

    def _on_unit(self, unit: AccessUnit) -> None:
        arrival = self._arrival
        received_us = arrival.time_of(unit.dts) if unit.track == VIDEO else arrival.read_us
        self._sink.unit(self.source.key, unit, received_us)

    def _disconnect(self) -> None:
        if self.link is not None:
            self.link.close()
        self.link = self._demux = self._session = self._place = None
        self._rest = b""

    def _too_late(self) -> CameraFaultError:
        if self._session is None:
            return CameraFaultError(
                FaultCode.UNREACHABLE, f"no connection within {_CONNECT_S:.0f} s"
            )
        return CameraFaultError(FaultCode.NO_ANSWER, f"no answer within {_ANSWER_S:.0f} s")
