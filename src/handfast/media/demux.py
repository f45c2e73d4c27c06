"""The byte stream of one RTSP connection, taken apart into messages, pictures and sound."""

from collections.abc import Callable
from typing import Final

from handfast.media import rtp
from handfast.media.audio import AudioFormat
from handfast.media.audio_track import AudioTrack
from handfast.media.counters import Counters
from handfast.media.faults import CameraFaultError, FaultCode, MediaFormatError
from handfast.media.payloads import H264Payload, H265Payload
from handfast.media.rtp import SenderReport
from handfast.media.rtsp import (
    BEGINNING,
    MOST_BODY,
    MOST_HEADER,
    Message,
    begins_message,
    parse_message,
)
from handfast.media.rtsp_session import OfferedTrack
from handfast.media.units import TICKS_PER_SECOND, AccessUnit, TrackConfig
from handfast.media.video_track import VideoTrack

MOST_NOISE: Final = 2000
"""Useless packets or resynchronisations without one good picture before giving up."""

_DOLLAR: Final = 0x24
_FRAME_HEADER: Final = 4


class Demux:
    """Takes batches of received bytes; calls back for what they hold. Ingest thread only."""

    def __init__(
        self,
        counters: Counters,
        *,
        message: Callable[[Message], None],
        configure: Callable[[tuple[TrackConfig, ...]], None],
        deliver: Callable[[AccessUnit], None],
    ) -> None:
        """Take the stream's counters and where things go."""
        self.video: VideoTrack | None = None
        self.audio: AudioTrack | None = None
        self._counters = counters
        self._message = message
        self._configure = configure
        self._deliver = deliver
        self._channels = (-1, -1)  # RTP channels of video and audio
        self._known: set[int] = set()  # all channels that were set up, RTCP included
        self._useless = 0
        self._reports: dict[int, SenderReport] = {}

    def expect(self, tracks: list[OfferedTrack]) -> None:
        """Prepare for the tracks that were set up; call before PLAY.

        Raises:
            CameraFaultError: The video's SDP lines cannot be used.
        """
        first, *others = tracks
        payload_class = H265Payload if first.media.encoding == "H265" else H264Payload
        try:
            payload = payload_class(first.media)
        except MediaFormatError as error:
            raise CameraFaultError(FaultCode.CODEC_UNSUPPORTED, str(error)) from error
        self._channels = first.channel, -1
        self._known = {first.channel, first.channel + 1}
        self.video = VideoTrack(
            payload,
            self,
            payload_type=first.media.payload_type,
            channel=first.channel,
            counters=self._counters,
        )
        for track in others:
            self._expect_audio(track)

    def align(self, tracks: list[OfferedTrack]) -> None:
        """Use the RTP-Info of the PLAY answer to put audio on the video's time line."""
        stamps = [track.first_timestamp for track in tracks]
        if self.video and self.audio and len(stamps) > 1 and None not in stamps[:2]:
            video, audio = stamps[:2]
            if video is not None and audio is not None:
                self.audio.clock.align(audio, video_then=self.video.gate.time_of(video))

    def feed(self, buffer: bytearray, view: memoryview, end: int) -> int:
        """Take the bytes `buffer[:end]`; return how many were used up.

        The rest is to be offered again in front of what comes next.

        Args:
            buffer: The receive buffer.
            view: A view of it.
            end: End of the valid bytes, exclusive.

        Raises:
            CameraFaultError: The camera sends noise, or no RTSP.
        """
        position = 0
        while end - position >= _FRAME_HEADER:
            if self.video is not None:
                position = self.video.run(buffer, view, position, end)
                if end - position < _FRAME_HEADER:
                    break
            used = self._take(buffer, view, position, end)
            if used == position:
                break
            position = used
        if self.video is not None:
            self.video.settle()
        return position

    def reconfigured(self, config: TrackConfig) -> None:
        """Pass on the video's configuration together with the audio's."""
        self._counters.configurations += 1
        self._configure((config, self.audio.config) if self.audio else (config,))

    def picture(self, unit: AccessUnit) -> None:
        """Pass on a picture; it also proves that the camera makes sense."""
        self._useless = 0
        self._deliver(unit)

    def spoiled(self) -> None:
        """Count a packet that contradicts its standard.

        Raises:
            CameraFaultError: There were too many without a picture.
        """
        self._counters.damaged += 1
        self._endure()

    def _take(self, buffer: bytearray, view: memoryview, start: int, end: int) -> int:
        """Take a frame or a message; returns its end, or `start` when it is incomplete."""
        if buffer[start] != _DOLLAR:
            return self._take_message(buffer, start, end)
        stop = start + _FRAME_HEADER + (buffer[start + 2] << 8 | buffer[start + 3])
        return self._take_frame(buffer, view, start, stop, end)

    def _take_frame(
        self, buffer: bytearray, view: memoryview, start: int, stop: int, end: int
    ) -> int:
        """Take one interleaved frame; returns its end, or `start` when it is incomplete."""
        channel = buffer[start + 1]
        if channel not in self._known or self.video is None:
            return self._skip_unknown(buffer, start, stop, end)
        if stop > end:
            return start
        video, audio = self._channels
        packet = view[start + _FRAME_HEADER : stop]
        try:
            if channel == video:
                self.video.packet(packet)
            elif channel == audio and self.audio is not None:
                self.audio.packet(packet, video_now=self.video.gate.newest)
            else:
                self._take_report(bytes(packet), channel - 1)
        except MediaFormatError:
            self.spoiled()
        return stop

    def _skip_unknown(self, buffer: bytearray, start: int, stop: int, end: int) -> int:
        """Pass over a frame of a channel nobody set up, or over a `$` that begins none."""
        self._endure()
        self._counters.unexpected += 1
        if stop < end and buffer[stop] in b"$R":
            return stop
        return self._resynchronise(buffer, start, end)

    def _resynchronise(self, buffer: bytearray, start: int, end: int) -> int:
        """Return where the next frame may begin, after `start`."""
        found = buffer.find(b"$", start + 1, end)
        found = end if found < 0 else found
        self._counters.noise_bytes += found - start
        return found

    def _take_message(self, buffer: bytearray, start: int, end: int) -> int:
        """Take an RTSP message; returns its end, or `start` when it is incomplete."""
        try:
            if not begins_message(buffer[start : min(start + BEGINNING, end)]):
                raise MediaFormatError(f"bytes {buffer[start : start + 8].hex()} are no RTSP")
            longest = min(end, start + MOST_HEADER + MOST_BODY)
            parsed = parse_message(bytes(memoryview(buffer)[start:longest]))
        except MediaFormatError as error:
            if self.video is None:
                raise CameraFaultError(FaultCode.NOT_RTSP, str(error)) from error
            self._endure()
            return self._resynchronise(buffer, start, end)
        if parsed is None:
            return start
        self._message(parsed[0])
        return start + parsed[1]

    def _take_report(self, packet: bytes, channel: int) -> None:
        """Read RTCP; two sender reports tie the clocks of the tracks together."""
        report = rtp.sender_report(packet)
        if report is None:
            return
        self._counters.reports += 1
        self._reports[channel] = report
        video, audio = (self._reports.get(channel) for channel in self._channels)
        if video and audio and self.video and self.audio:
            later = (audio.camera_us - video.camera_us) * TICKS_PER_SECOND // 1_000_000
            then = self.video.gate.time_of(video.timestamp) + later
            self._counters.realigned += self.audio.clock.align(audio.timestamp, video_then=then)

    def _expect_audio(self, track: OfferedTrack) -> None:
        try:
            audio_format = AudioFormat(track.media)
        except MediaFormatError:
            self._counters.damaged += 1
            return
        self._channels = self._channels[0], track.channel
        self._known |= {track.channel, track.channel + 1}
        self.audio = AudioTrack(
            audio_format,
            payload_type=track.media.payload_type,
            counters=self._counters,
            deliver=self._sound,
        )

    def _endure(self) -> None:
        self._useless += 1
        if self._useless > MOST_NOISE:
            raise CameraFaultError(
                FaultCode.NOISE, f"{self._useless} useless packets without a picture"
            )

    def _sound(self, unit: AccessUnit) -> None:
        if self._counters.units:
            self._deliver(unit)
