"""One running city for all tests of this folder."""

from collections.abc import Iterator

import pytest

from handfast.cli.demo.places import SITES
from tests.e2e.city import RunningCity, clerks, make_city


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """Start hub, agency, three nodes and their cameras; stop them after the last test."""
    running = make_city(tmp_path_factory.mktemp("city"))
    try:
        running.start_all()
        for site in SITES:
            running.connected(site)
            running.recording(site)
        with clerks(running.city):
            yield running
    finally:
        running.stop_all()
