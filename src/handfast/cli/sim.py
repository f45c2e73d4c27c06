"""`handfast sim`: simulated cameras, and the footage they play."""

import argparse
import asyncio
import gc
import os
import signal
import ssl
import sys
from collections.abc import Iterable
from pathlib import Path

import uvloop

from handfast.cli.command import Commands, add_command, add_group
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.errors import InvalidError
from handfast.kit.ids import SystemIds
from handfast.media import footage
from handfast.media.clip import load_clip
from handfast.media.footage_sources import cache_directory
from handfast.media.rtsp_auth import Credentials
from handfast.media.sim_login import SimLogin
from handfast.media.sim_packets import PacketLoop, packet_loop
from handfast.media.simulate import SimSettings, Simulator
from handfast.media.units import Codec


def add_to(commands: Commands) -> None:
    """Add `sim cameras` and `sim footage`."""
    group = add_group(
        commands,
        "sim",
        summary="Simulate cameras: real RTSP streams of real street footage.",
        example="handfast sim cameras --count 4",
    )
    cameras = add_command(
        group,
        "cameras",
        summary="Serve simulated RTSP cameras until Ctrl-C.",
        example="""handfast sim cameras --count 4 --port 8554
        handfast sim cameras --count 2 --codec h265 --user admin --password secret""",
        run=run_cameras,
    )
    _add_clip_options(cameras)
    cameras.add_argument("--host", default="127.0.0.1", help="address to listen on")
    cameras.add_argument("--port", type=int, default=8554, help="0 chooses a free port")
    cameras.add_argument("--user", default="", help="ask for this user (digest login)")
    cameras.add_argument("--password", default="", help="the user's password")
    cameras.add_argument(
        "--login", choices=("MD5", "SHA-256", "basic"), default="MD5", help="kind of login"
    )
    cameras.add_argument(
        "--marks",
        choices=("on", "off"),
        default="on",
        help="number and send time in each picture's SEI, which nobody sees",
    )
    cameras.add_argument("--tls-certificate", type=Path, help="serve RTSPS with this PEM file")
    cameras.add_argument("--tls-key", type=Path, help="the certificate's private key (PEM)")
    prepare = add_command(
        group,
        "footage",
        summary="Fetch and encode the footage now, so that `sim cameras` starts at once.",
        example="handfast sim footage --count 8",
        run=run_footage,
    )
    _add_clip_options(prepare)


def _add_clip_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=4, help="cameras, /cam0 and up")
    parser.add_argument(
        "--codec", choices=("h264", "h265"), default="h264", help="of the main streams"
    )
    parser.add_argument(
        "--h265", type=int, default=0, metavar="N", help="the last N cameras speak H.265"
    )
    parser.add_argument("--b-frames", type=int, default=0, help="B pictures in a row")
    parser.add_argument(
        "--scenes", type=int, default=0, help="different scenes; 0: all there are"
    )
    parser.add_argument(
        "--bars",
        choices=("on", "off"),
        default="on",
        help="bar code of each picture's number along its top edge, for tests and benchmarks",
    )
    parser.add_argument(
        "--small", action="store_true", help="main streams as small as the sub-streams"
    )
    parser.add_argument("--footage", type=Path, help="directory with your own .mp4 clips")
    parser.add_argument("--drawn", action="store_true", help="a drawn pattern, nothing fetched")


def run_footage(arguments: argparse.Namespace) -> int:
    """Prepare the clips and print where they are."""
    for paths in dict.fromkeys(_clips(arguments, SystemClock())):
        print(f"{paths.main}\n{paths.sub}")
    return 0


def run_cameras(arguments: argparse.Namespace) -> int:
    """Serve cameras until a signal asks to stop."""
    if arguments.count < 1:
        raise InvalidError("--count is below 1; name how many cameras there are to be")
    clock = SystemClock()
    settings = _settings(arguments, clock)
    # Everything prepared so far stays for good: keep the collector from walking through it.
    gc.collect()
    gc.freeze()
    uvloop.run(_serve(settings, clock, host=arguments.host, port=arguments.port))
    return 0


async def _serve(settings: SimSettings, clock: Clock, *, host: str, port: int) -> None:
    simulator = Simulator(settings, clock)
    bound = await simulator.start(host, port)
    scheme = "rtsps" if settings.tls else "rtsp"
    print(f"{settings.count} cameras at {scheme}://{host}:{bound}/cam0 and up", flush=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    await simulator.stop()


def _settings(arguments: argparse.Namespace, clock: Clock) -> SimSettings:
    clips = _clips(arguments, clock)
    # Cameras that play the same clip share its packets.
    loops = _loops(dict.fromkeys(clips), marks=arguments.marks == "on")
    pairs = [loops[clip] for clip in clips]
    return SimSettings(
        count=arguments.count,
        main=[main for main, _ in pairs],
        sub=[sub for _, sub in pairs],
        login=_login(arguments, clock),
        tls=_tls(arguments),
    )


def _clips(arguments: argparse.Namespace, clock: Clock) -> list[footage.ScenePaths]:
    """Return what each camera plays."""
    count = max(arguments.count, 1)
    codecs = _codecs(arguments, count)
    if arguments.footage:
        own = footage.clips_in(arguments.footage)
        return [own[number % len(own)] for number in range(count)]
    bars = arguments.bars == "on"
    workshop = footage.Workshop(cache=cache_directory(os.environ), say=_say, clock=clock)
    if arguments.drawn:
        drawn = {
            codec: footage.prepare_drawn(codec, workshop, bars=bars)
            for codec in dict.fromkeys(codecs)
        }
        return [drawn[codec] for codec in codecs]
    scenes = min(arguments.scenes or len(footage.SCENES), count)
    wanted = [(number % scenes, codec) for number, codec in enumerate(codecs)]
    main = footage.SUB if arguments.small else footage.MAIN
    return footage.prepare(wanted, workshop, bars=bars, b_frames=arguments.b_frames, main=main)


def _codecs(arguments: argparse.Namespace, count: int) -> list[Codec]:
    turn = count - arguments.h265
    return [Codec(arguments.codec) if n < turn else Codec.H265 for n in range(count)]


def _loops(
    clips: Iterable[footage.ScenePaths], *, marks: bool
) -> dict[footage.ScenePaths, tuple[PacketLoop, PacketLoop]]:
    """Return main and sub-stream of each scene, cut into packets."""
    return {
        clip: (
            packet_loop(load_clip(clip.main), marks=marks),
            packet_loop(load_clip(clip.sub), marks=marks),
        )
        for clip in clips
    }


def _login(arguments: argparse.Namespace, clock: Clock) -> SimLogin | None:
    if not arguments.user:
        return None
    return SimLogin(
        credentials=Credentials(user=arguments.user, password=arguments.password),
        scheme=arguments.login,
        nonce=SystemIds(clock).secret(16).hex(),
    )


def _tls(arguments: argparse.Namespace) -> ssl.SSLContext | None:
    if not arguments.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(arguments.tls_certificate, arguments.tls_key)
    except OSError as error:
        raise InvalidError(
            f"{arguments.tls_certificate} is no certificate with its key; "
            "name PEM files with --tls-certificate and --tls-key"
        ) from error
    return context


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
