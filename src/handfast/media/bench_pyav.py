"""A peer for the ingest benchmark: PyAV, one process, one thread a camera, stream copy to MP4.

Run as `python -m handfast.media.bench_pyav URL DIRECTORY COUNT`; ends on SIGTERM.
"""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import av

_SEGMENT_S: Final = 10


def main(arguments: Sequence[str]) -> int:
    """Record `URL/cam0` and up until SIGTERM; returns the exit status."""
    url, directory, count = arguments
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threads = [
        threading.Thread(
            target=record,
            args=(f"{url}/cam{n}", Path(directory) / f"{n}.mp4", stop),
            daemon=True,
        )
        for n in range(int(count))
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(timeout=5)
    return 0


def record(url: str, path: Path, stop: threading.Event) -> None:
    """Copy one camera's packets into fragmented MP4 until `stop` is set."""
    with av.open(url, options={"rtsp_transport": "tcp"}) as source:
        stream = source.streams.video[0]
        pattern = str(path).replace(".mp4", "-%03d.mp4")
        options = {"segment_time": str(_SEGMENT_S), "reset_timestamps": "1"}
        with av.open(pattern, "w", format="segment", options=options) as out:
            copy = out.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if stop.is_set():
                    return
                if packet.dts is not None:
                    packet.stream = copy
                    out.mux(packet)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # demuxers that wait for a camera would hold the interpreter up
