"""P1 on real processes: all that the hub held, in memory and on disk, opens no picture."""

from pathlib import Path
from typing import Any

import pytest

from handfast.cli.demo.places import SITES
from handfast.kit.encoding import unb64
from handfast.kit.ids import SystemIds
from handfast.media.marks import SEI_UUID
from handfast.seal.format import UnitsFrame
from handfast.storage.sqlite import Database
from handfast.storage.sqlite_periods import SqlitePeriods
from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.memory import dump, files, found_in
from tests.e2e.officer import officer
from tests.e2e.waiting import CLOCK
from tests.e2e.watching import Watching, look_back, watching

pytestmark = pytest.mark.timeout(180)


async def test_p1_zero_standing_access_a_whole_dump_of_the_hub_opens_nothing(
    city: RunningCity,
) -> None:
    """No root, leaf, run key, live key or picture is in hub or NATS; their ciphertext is."""
    city.panel(SCHOOL, "raise")
    bus = city.bus_pid()
    assert bus is not None
    async with officer(city.city) as rivera:
        known = await rivera.site(SCHOOL)
        answer = await rivera.asks(known)
        async with watching(rivera, known, answer) as view:
            await view.sees(75)
            now_us = CLOCK.now_us()
            span = (now_us - 2_500_000, now_us - 500_000)
            recorded = await rivera.asks(known, span_us=span)
            assert await look_back(rivera, known, recorded, since_us=span[0], until_us=span[1])
            # Dumps are taken while the picture runs, and searched afterwards.
            hub, nats = list(dump(city.pid("hub"))), list(dump(bus))
            node = list(dump(city.pid("node-school")))
            secrets = released(view) | roots(city) | covers(recorded.keys)
            passed = ciphertext(view) | {"the device": rivera.sign.fingerprint.encode()}
    secrets["the mark in every picture"] = SEI_UUID.bytes
    disk = files(city.city.hub_config.parent)
    leaked = set().union(*(found_in(held, secrets) for held in (hub, nats, disk)))
    assert leaked == set()
    seen = found_in(hub, passed)
    assert "the device" in seen
    assert any(name.startswith("unit") for name in seen)
    assert found_in(node, roots(city, SCHOOL.folder))  # the same search, where a root is
    city.panel(SCHOOL, "clear")


def released(view: Watching) -> dict[str, bytes]:
    """Return what the viewer was given, and some plain configuration bytes."""
    keys = {f"key of run {run}": key for (_, run), key in view.keys.items()}
    return keys | {"live key": unb64(view.answer.keys["live_key"])}


def covers(keys: dict[str, Any]) -> dict[str, bytes]:
    """Return the nodes and edge keys of a recorded release."""
    nodes = [node for cover in keys["covers"] for node in cover["nodes"]]
    found = {f"node {depth}/{index}": unb64(key) for depth, index, key in nodes}
    return found | {f"edge {run}": unb64(key) for _, run, key in keys["runs"]}


def roots(city: RunningCity, *folders: str) -> dict[str, bytes]:
    """Return period roots of sites, by default of all."""
    found: dict[str, bytes] = {}
    for site in SITES:
        if folders and site.folder not in folders:
            continue
        for number, root in enumerate(_roots_of(city.city.node(site) / "data")):
            found[f"root {number} of {site.folder}"] = root
    return found


def _roots_of(data: Path) -> list[bytes]:
    database = Database(data / "periods.db", schema="periods.sql", version=1)
    with database.read() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM period")]
    database.close()
    store = SqlitePeriods(
        data / "periods.db", key_file=data / "periods.key", ids=SystemIds(CLOCK)
    )
    found = [store.root(period) for period in ids]
    store.close()
    return found


def ciphertext(view: Watching) -> dict[str, bytes]:
    """Return pieces of the newest units as they passed the hub."""
    units = [each.frame for each in view.arrived if isinstance(each.frame, UnitsFrame)]
    return {
        f"unit {place}": sealed[16:64]
        for place, frame in enumerate(units[-60:])
        for _, sealed in frame.units
        if len(sealed) > 80
    }
