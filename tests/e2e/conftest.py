"""One running city for all tests of this folder."""

from collections.abc import Iterator

import pytest

from handfast.cli.demo.places import SITES
from tests.e2e.city import Clerks, RunningCity, make_city


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """Start hub, agency, three nodes and their cameras; stop them after the last test."""
    running = make_city(tmp_path_factory.mktemp("city"))
    clerks = Clerks(running.city)
    try:
        running.start_all()
        for site in SITES:
            running.connected(site)
        yield running
    finally:
        running.stop_all()
        clerks.stop()
