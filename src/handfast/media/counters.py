"""What is counted about one stream, so that a flood costs a number and not a log."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Counts since the stream was added; written by the ingest thread only.

    Attributes:
        packets: RTP packets of tracks that were set up.
        bytes: Bytes received, RTSP and framing included.
        units: Video units delivered.
        key_units: Those of them that begin a group of pictures.
        audio_units: Audio frames delivered.
        lost_packets: RTP packets that never came, by sequence number.
        losses: Runs of such gaps, oversized or broken pictures; each costs the units up to
            the next key unit.
        dropped_units: Units withheld while waiting for a key unit.
        duplicates: RTP packets that came again or too late.
        damaged: RTP, RTCP and parameter sets that contradict their standard.
        unexpected: Packets of a payload type or channel that was not set up.
        noise_bytes: Bytes that were neither RTP nor RTSP.
        reports: RTCP sender reports.
        realigned: Audio was moved against video by a sender report.
        reorder_learned: The stream reorders deeper than it states.
        configurations: Calls of `Sink.configured`.
        keyframe_requests: Keyframes asked for.
        attempts: Connections begun.
        faults: Failed attempts by fault code.
    """

    packets: int = 0
    bytes: int = 0
    units: int = 0
    key_units: int = 0
    audio_units: int = 0
    lost_packets: int = 0
    losses: int = 0
    dropped_units: int = 0
    duplicates: int = 0
    damaged: int = 0
    unexpected: int = 0
    noise_bytes: int = 0
    reports: int = 0
    realigned: int = 0
    reorder_learned: int = 0
    configurations: int = 0
    keyframe_requests: int = 0
    attempts: int = 0
    faults: dict[str, int] = field(default_factory=dict)
