"""The fallback reader: PyAV in a thread of its own, for UDP and odd cameras."""

import queue
import threading
from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

import av

from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media.annex_b import split_start_codes
from handfast.media.faults import CameraFaultError, FaultCode
from handfast.media.link import Link
from handfast.media.parameter_sets import H264Sets, H265Sets, ParameterSets
from handfast.media.picture_gate import PictureGate
from handfast.media.silence import Silence
from handfast.media.source import CameraSource
from handfast.media.stream_status import StreamStatus
from handfast.media.units import TICKS_PER_SECOND, AccessUnit, Sink, TrackConfig

_OPEN_S: Final = 5.0
_READ_S: Final = 12.0
_WAITING: Final = 500  # packets between the thread and the loop: about 20 s
_CODECS: Final[dict[str, Callable[[], ParameterSets]]] = {"h264": H264Sets, "hevc": H265Sets}


class _Opened:
    """The camera answered."""

    def __init__(self, sets: ParameterSets, extradata: bytes) -> None:
        self.sets = sets
        self.extradata = extradata


class _Packet:
    """One picture as FFmpeg read it."""

    def __init__(self, data: bytes, *, timestamp: int, key: bool, received_us: int) -> None:
        self.data = data
        self.timestamp = timestamp
        self.key = key
        self.received_us = received_us


_Item: TypeAlias = _Opened | _Packet | CameraFaultError


class FallbackReader:
    """Reads one camera through PyAV with the promises of `CameraReader`; video only.

    The thread only fills a bounded queue; everything else, the sink included, belongs to the
    ingest thread. Sound and keyframe requests are beyond this reader.
    """

    link: Link | None = None

    def __init__(self, source: CameraSource, sink: Sink, *, clock: Clock, ids: Ids) -> None:
        """Take what to read and where to deliver; nothing happens before `tick`."""
        self.source = source
        self.status = StreamStatus(source.key, sink, clock=clock, ids=ids)
        self._sink = sink
        self._clock = clock
        self._silence = Silence(self.status.counters)
        self._gate: PictureGate | None = None
        self._sets: ParameterSets | None = None
        self._received_us = 0
        self._attempt: _Attempt | None = None

    def tick(self, now: float) -> None:
        """Deliver what the thread has read; `now` is monotonic seconds."""
        try:
            self._tick(now)
        except CameraFaultError as fault:
            self.fail(fault)

    def stir(self, buffer: bytearray, view: memoryview) -> None:
        """Do nothing: this reader has no socket of its own."""

    def request_keyframe(self) -> None:
        """Do nothing: FFmpeg has no way to ask."""

    def fail(self, fault: CameraFaultError) -> None:
        """End this attempt and plan the next one."""
        self._leave()
        self.status.fail(fault)

    def stop(self) -> None:
        """End the stream for good; the thread ends at its next packet."""
        self._leave()
        self.status.stop()

    def reconfigured(self, config: TrackConfig) -> None:
        """Pass on the configuration of the pictures that follow."""
        self.status.counters.configurations += 1
        self._sink.configured(self.source.key, (config,))

    def picture(self, unit: AccessUnit) -> None:
        """Pass on one picture."""
        self._sink.unit(self.source.key, unit, self._received_us)

    def spoiled(self) -> None:
        """Count a packet that makes no sense."""
        self.status.counters.damaged += 1

    def _tick(self, now: float) -> None:
        if self._attempt is None:
            if now < self.status.retry_at:
                return
            self.status.begin()
            self._attempt = _Attempt(self.source, self._clock)
            self._silence.begin(now + _OPEN_S)
        while (item := self._attempt.take()) is not None:
            if isinstance(item, CameraFaultError):
                raise item
            self._deliver(item)
        if self._silence.check(now):
            self.status.play()

    def _deliver(self, item: _Opened | _Packet) -> None:
        if isinstance(item, _Opened):
            self._sets = item.sets
            for nal in split_start_codes(item.extradata):
                item.sets.offer(nal)
            self._gate = PictureGate(item.sets, self, self.status.counters)
            return
        if self._gate is None or self._sets is None:
            return
        nals = split_start_codes(item.data)
        if not nals:
            self.spoiled()
            return
        self.status.counters.packets += 1
        self._received_us = item.received_us
        sets = [nal for nal in nals if self._sets.holds(nal)]
        changed = sum(self._sets.offer(nal) for nal in sets) > 0
        data = b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)
        self._gate.take(item.timestamp, data, key=item.key, changed=changed)

    def _leave(self) -> None:
        if self._attempt is not None:
            self._attempt.over.set()
        self._attempt = self._gate = self._sets = None


class _Attempt:
    """One opened camera: a thread that reads, a bounded queue."""

    def __init__(self, source: CameraSource, clock: Clock) -> None:
        self.over = threading.Event()
        self._source = source
        self._clock = clock
        self._queue: queue.Queue[_Item] = queue.Queue(_WAITING)
        # A daemon: FFmpeg may wait for a dead camera when the process wants to end.
        threading.Thread(target=self._run, daemon=True, name="fallback").start()

    def take(self) -> _Item | None:
        """Return what was read next, None when nothing waits."""
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None

    def _run(self) -> None:
        try:
            self._read()
            fault = CameraFaultError(FaultCode.CLOSED, "camera ended the connection")
        except CameraFaultError as error:
            fault = error
        except (av.FFmpegError, IndexError) as error:
            # Never the whole text: FFmpeg repeats the address with its password.
            cause = getattr(error, "strerror", None) or error.__class__.__name__
            fault = CameraFaultError(FaultCode.DECODER, f"FFmpeg gave up ({cause})")
        self._put(fault)

    def _read(self) -> None:
        url = _with_login(self._source)
        with av.open(url, options=_options(url), timeout=(_OPEN_S, _READ_S)) as container:
            stream = container.streams.video[0]
            name = stream.codec_context.name
            if name not in _CODECS:
                raise CameraFaultError(FaultCode.CODEC_UNSUPPORTED, f"camera offers {name}")
            self._put(_Opened(_CODECS[name](), bytes(stream.codec_context.extradata or b"")))
            for packet in container.demux(stream):
                if self.over.is_set():
                    return
                if packet.size and packet.pts is not None and packet.time_base is not None:
                    ticks = round(packet.pts * packet.time_base * TICKS_PER_SECOND)
                    self._put(
                        _Packet(
                            bytes(packet),
                            timestamp=ticks & 0xFFFFFFFF,
                            key=packet.is_keyframe,
                            received_us=self._clock.now_us(),
                        )
                    )

    def _put(self, item: _Item) -> None:
        """Hand over; when the loop lags by the whole queue, the camera waits."""
        while not self.over.is_set():
            try:
                self._queue.put(item, timeout=1.0)
            except queue.Full:
                continue
            return


def _options(url: str) -> dict[str, str]:
    return (
        {"rtsp_transport": "tcp"} if url.startswith("rtsps:") else {"rtsp_flags": "prefer_tcp"}
    )


def _with_login(source: CameraSource) -> str:
    """Return the address with the login inside: FFmpeg knows no other way."""
    if source.credentials is None:
        return source.url
    parts = urlsplit(source.url)
    login = f"{quote(source.credentials.user, '')}:{quote(source.credentials.password, '')}"
    return urlunsplit((parts.scheme, f"{login}@{parts.netloc}", parts.path, parts.query, ""))
