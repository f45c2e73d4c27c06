"""NAL units between start codes (H.264 and H.265 annex B)."""


def split_start_codes(data: bytes) -> list[bytes]:
    """Return the NAL units of a byte stream; bytes before the first start code are dropped.

    Zero bytes before a start code belong to it, not to the NAL unit (B.1.1).
    """
    nals = []
    start = data.find(b"\0\0\1")
    while start >= 0:
        following = data.find(b"\0\0\1", start + 3)
        nal = data[start + 3 : following if following >= 0 else len(data)]
        if following >= 0:
            nal = nal.rstrip(b"\0")
        if nal:
            nals.append(nal)
        start = following
    return nals
