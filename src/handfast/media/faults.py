"""Everything that can be wrong with a camera, as a closed set with advice for each."""

from enum import StrEnum
from typing import ClassVar, Final

from handfast.kit.errors import HandfastError, InvalidError, Kind


class FaultCode(StrEnum):
    """Why a stream is not playing; the name under which it is counted."""

    NAME_UNKNOWN = "name-unknown"
    UNREACHABLE = "unreachable"
    TLS_REFUSED = "tls-refused"
    NOT_RTSP = "not-rtsp"
    CREDENTIALS_REFUSED = "credentials-refused"
    REQUEST_REFUSED = "request-refused"
    SDP_MALFORMED = "sdp-malformed"
    CODEC_UNSUPPORTED = "codec-unsupported"
    NO_ANSWER = "no-answer"
    SILENT = "silent"
    NO_KEYFRAME = "no-keyframe"
    NOISE = "noise"
    CLOSED = "closed"
    DECODER = "decoder"
    SINK = "sink"


ADVICE: Final[dict[FaultCode, str]] = {
    FaultCode.NAME_UNKNOWN: "check the host name in the camera's address",
    FaultCode.UNREACHABLE: "check cable, power, address and port",
    FaultCode.TLS_REFUSED: "check the CA or fingerprint configured for this camera",
    FaultCode.NOT_RTSP: "the address answers, but not as an RTSP camera; check the port",
    FaultCode.CREDENTIALS_REFUSED: "check user and password configured for this camera",
    FaultCode.REQUEST_REFUSED: "check the path in the camera's address and its viewer limit",
    FaultCode.SDP_MALFORMED: "update the camera's firmware or read it with reader = pyav",
    FaultCode.CODEC_UNSUPPORTED: "set the camera's encoder to H.264 or H.265",
    FaultCode.NO_ANSWER: "the camera accepted the connection and said nothing; restart it",
    FaultCode.SILENT: "the camera stopped sending pictures; restart it if this repeats",
    FaultCode.NO_KEYFRAME: "set the camera's keyframe (I-frame) interval to about 1 s",
    FaultCode.NOISE: "the camera sends bytes that are no video; restart or replace it",
    FaultCode.CLOSED: "the camera ended the connection; it is tried again by itself",
    FaultCode.DECODER: "the fallback reader gave up; see the message for the cause",
    FaultCode.SINK: "recording refused the stream; see the node's log and disk",
}


class CameraFaultError(HandfastError):
    """One attempt to read a camera failed; the reader tries again by itself.

    Attributes:
        code: What is counted and shown.
    """

    kind: ClassVar[Kind] = Kind.UNAVAILABLE

    def __init__(self, code: FaultCode, detail: str) -> None:
        """Compose `code: detail; advice`; `detail` must hold no credentials."""
        super().__init__(f"{code}: {detail}; {ADVICE[code]}")
        self.code = code


class MediaFormatError(InvalidError):
    """Bytes from a camera do not follow the standard they claim to follow."""
