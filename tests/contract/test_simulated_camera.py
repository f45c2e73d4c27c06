"""The simulated camera, held to a client that somebody else wrote."""

import subprocess
from pathlib import Path

import pytest

from handfast.media.clip import load_clip
from handfast.media.marks import find_mark
from handfast.media.rtsp_auth import Credentials
from handfast.media.sim_login import SimLogin
from handfast.media.simulate import SimSettings
from handfast.media.units import Codec
from tests.unit.media.rig import made_loop, simulated


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
@pytest.mark.parametrize("marks", [True, False])
def test_ffmpeg_plays_a_simulated_camera(tmp_path: Path, codec: Codec, *, marks: bool) -> None:
    """Somebody else's client reads it without a complaint, login included."""
    loop = made_loop(tmp_path, codec, marks=marks)
    login = SimLogin(credentials=Credentials(user="u", password="p"), nonce="1")
    with simulated(SimSettings(count=1, main=[loop], sub=[loop], login=login)) as port:
        done = subprocess.run(
            [
                *("ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp"),
                *(
                    "-i",
                    f"rtsp://u:p@127.0.0.1:{port}/cam0/sub",
                    "-frames:v",
                    "30",
                    "-c",
                    "copy",
                ),
                *("-f", "mp4", "-y", str(tmp_path / "out.mp4")),
            ],
            check=True,
            capture_output=True,
            timeout=30,
        )
    assert done.stderr == b""
    clip = load_clip(tmp_path / "out.mp4")
    assert clip.codec is codec
    assert len(clip.pictures) >= 28
    found = [any(find_mark(nal) for nal in picture.nals) for picture in clip.pictures]
    assert found == [marks] * len(found)
