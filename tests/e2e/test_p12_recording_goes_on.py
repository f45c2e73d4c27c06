"""P12 on real processes: hub killed, bus cut, node killed; what was filmed is on the disk."""

import os
import signal
from itertools import pairwise

import msgspec
import pytest

from handfast.cli.bench_glass_disk import RecordedPicture, recorded_pictures
from handfast.media.sim_player import PICTURE_US
from handfast.protocol.signing import verify
from handfast.protocol.statements import SignalStatement
from handfast.seal.identity import Envelope
from tests.e2e.city import SCHOOL, TRANSIT, RunningCity
from tests.e2e.officer import officer
from tests.e2e.waiting import CLOCK, eventually, until

pytestmark = pytest.mark.timeout(120)
SECOND = 1_000_000
AT_RISK_US = 4 * SECOND


def pictures(city: RunningCity, since_us: int) -> list[RecordedPicture]:
    """Read what the transit stop has recorded of its first camera's sub-stream."""
    return recorded_pictures(
        city.city.node(TRANSIT), city.camera(TRANSIT), "sub", since_us=since_us
    )


def recorded_until(city: RunningCity, since_us: int, until_us: int) -> list[RecordedPicture]:
    """Wait until pictures sent at an instant are on the disk, and return all."""

    def _there() -> list[RecordedPicture]:
        found = pictures(city, since_us)
        return found if found and found[-1].mark.sent_us >= until_us else []

    return until(_there, within_s=20, what="the recording reaches that instant")


def gaps_us(found: list[RecordedPicture]) -> list[int]:
    """Return the time that is missing between pictures, where any is."""
    steps = (b.mark.number - a.mark.number for a, b in pairwise(found))
    return [(step - 1) * PICTURE_US for step in steps if step != 1]


async def test_p12_recording_goes_on_without_hub_and_bus(city: RunningCity) -> None:
    """Not one picture is missing; what happened meanwhile reaches the hub in order."""
    since_us = CLOCK.now_us()
    recorded_until(city, since_us, since_us + SECOND)
    city.kill("hub")
    bus = city.bus_pid()
    assert bus is not None
    os.kill(bus, signal.SIGKILL)
    cut_us = CLOCK.now_us()
    for state in ("raise", "clear"):
        city.panel(SCHOOL, state)
    found = recorded_until(city, since_us, cut_us + 3 * SECOND)
    city.hub_again()
    back_us = CLOCK.now_us()
    found = recorded_until(city, since_us, back_us + SECOND)
    assert gaps_us(found) == []
    async with officer(city.city) as rivera:

        async def _cleared() -> bool:
            """Tell whether the hub knows of the last thing that happened while it was away."""
            sites = (await rivera.hub.get("/api/v1/registry")).json()["sites"]
            (school,) = (each for each in sites if each["node"] == city.node_id(SCHOOL))
            signals = [
                verify(msgspec.convert(each, Envelope), SignalStatement, trusted=node_keys)
                for each in school["signals"]
            ]
            return any((each.cleared_us or 0) >= cut_us for each in signals)

        node_keys = (await rivera.site(SCHOOL)).node_keys
        await eventually(_cleared, within_s=20, what="the hub learns what happened meanwhile")


def test_p12_recording_goes_on_after_the_node_was_killed(city: RunningCity) -> None:
    """At most the last 4 s are lost; everything else opens, and recording continues."""
    since_us = CLOCK.now_us()
    recorded_until(city, since_us, since_us + 2 * SECOND)
    city.kill("node-transit")
    killed_us = CLOCK.now_us()
    city.start("node-transit")
    back_us = CLOCK.now_us()
    found = recorded_until(city, since_us, back_us + SECOND)
    before = [each for each in found if each.mark.sent_us < killed_us]
    assert before[-1].mark.sent_us >= killed_us - AT_RISK_US
    assert gaps_us(before) == []
    assert len(gaps_us(found)) <= 1
    city.connected(TRANSIT)
