"""A node asks agencies what they have revoked; no answer ever gives anything back."""

import logging
import socket
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from handfast.kit.clock import SystemClock
from handfast.kit.encoding import b64
from handfast.node.agency_link import LARGEST_BYTES, AgencyLink
from handfast.node.metrics import NodeMetrics
from handfast.node.trust import Self, TrustFolders
from handfast.node.trust_watch import TrustWatch
from handfast.node.usecases.fetch_revocations import FetchRevocations
from handfast.protocol.signing import sign
from handfast.protocol.statements import Revocation
from handfast.protocol.wire import RevocationLists
from handfast.seal.identity import Envelope, SigningKey
from handfast.web.listen import Listen
from tests.city.serving import ScriptedAgency, serving
from tests.fakes.authority import issue_server, make_authority
from tests.fakes.node_stores import MemorySerials
from tests.fakes.steady import HandClock
from tests.scenario.node.people import AGENCY, NODE, OWNER, People, key

PEOPLE = People(now_us=1_790_000_000_000_000)
ROOT, ADMINISTRATOR = PEOPLE.agency_root, PEOPLE.administrator
TOP = PEOPLE.certificate("administrator", ADMINISTRATOR, ROOT)


@dataclass
class Site:
    """A node's trust folders and its way to agencies."""

    trust: Path
    serials: MemorySerials = field(default_factory=MemorySerials)
    clock: HandClock = field(default_factory=HandClock)
    metrics: NodeMetrics = field(default_factory=NodeMetrics)

    def __post_init__(self) -> None:
        """Begin with empty folders."""
        (self.trust / "agencies").mkdir(parents=True)
        self.start()

    def start(self) -> None:
        """Start the node, again if need be."""
        me = Self(
            node=NODE,
            owner=OWNER,
            owner_root=PEOPLE.owner_root.public,
            sign=PEOPLE.node.public,
            log="log+1234+key",
        )
        folders = TrustFolders(
            self.trust, self.trust / "agreements", self_=me, serials=self.serials
        )
        self.watch = TrustWatch(folders)
        self.fetch = FetchRevocations(
            trust=self.watch,
            serials=self.serials,
            link=AgencyLink(timeout_s=2.0),
            clock=self.clock,
            metrics=self.metrics,
        )

    async def confirm(self, url: str, *, ca: str = "", root: SigningKey = ROOT) -> None:
        """Put an agency's card into the folder."""
        card = {"id": AGENCY, "name": "Police", "root": b64(root.public), "url": url, "ca": ca}
        path = self.trust / "agencies" / f"{root.fingerprint}.json"
        path.write_bytes(msgspec.json.encode(card))
        await self.look()

    async def look(self) -> None:
        """Look at the folders, as the node does every two seconds."""

        async def changed() -> None:
            pass

        await self.watch.tick(changed)

    async def round(self) -> None:
        """Ask, then look at the folders."""
        await self.fetch.tick()
        await self.look()

    def out(self, device: str, issuer: SigningKey = ROOT) -> bool:
        """Tell whether an issuer's device is out."""
        names = self.watch.now().revoked.names
        return names(key(device).fingerprint, issuers=(issuer.fingerprint,))

    def count(self, result: str) -> float:
        """Return how often asking ended like this."""
        name = "handfast_node_revocation_fetches_total"
        return self.metrics.registry.get_sample_value(name, {"result": result}) or 0.0

    def silent(self) -> float | None:
        """Return how many agencies did not answer when last asked."""
        return self.metrics.registry.get_sample_value("handfast_node_agencies_silent")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A node that has confirmed nobody."""
    return Site(tmp_path / "trust")


def listed(issuer: SigningKey, serial: int, *devices: str) -> Envelope:
    """Sign a list."""
    revoked = [key(each).fingerprint for each in devices]
    statement = Revocation(suite=1, issuer=issuer.fingerprint, serial=serial, revoked=revoked)
    return sign(statement, issuer)


def answer(*lists: Envelope, certificates: tuple[Envelope, ...] = ()) -> bytes:
    """Write an agency's answer."""
    return msgspec.json.encode(
        RevocationLists(revocations=list(lists), certificates=list(certificates))
    )


async def test_lists_of_root_and_administrator_count_and_outlast_a_restart(site: Site) -> None:
    """What was fetched is on the disk, in the folders people use."""
    lists = (listed(ROOT, 1, "lost"), listed(ADMINISTRATOR, 4, "stolen"))
    agency = ScriptedAgency(answer(*lists, certificates=(TOP,)))
    async with serving(agency.app()) as url:
        await site.confirm(url)
        await site.round()
    assert (site.out("lost"), site.out("stolen", ADMINISTRATOR)) == (True, True)
    assert not site.out("another")
    assert (site.count("answered"), site.count("new")) == (1, 2)
    site.start()
    assert (site.out("lost"), site.out("stolen", ADMINISTRATOR)) == (True, True)


async def test_a_known_list_is_not_written_again_and_a_newer_one_replaces(site: Site) -> None:
    """Folders change only when there is news."""
    agency = ScriptedAgency(answer(listed(ROOT, 1, "lost")))
    async with serving(agency.app()) as url:
        await site.confirm(url)
        await site.round()
        await site.round()
        assert site.count("new") == 1
        agency.body = answer(listed(ROOT, 2, "lost", "stolen"))
        await site.round()
    assert (site.out("lost"), site.out("stolen")) == (True, True)
    assert len(list((site.trust / "revocations").iterdir())) == 1


async def test_an_older_list_changes_nothing(site: Site) -> None:
    """Also in the two seconds before the newer one has been looked at."""
    agency = ScriptedAgency(answer(listed(ROOT, 7, "lost")))
    async with serving(agency.app()) as url:
        await site.confirm(url)
        await site.fetch.tick()
        agency.body = answer(listed(ROOT, 6))
        await site.round()
        assert site.out("lost")
        await site.round()
    assert site.out("lost")
    assert site.count("older") == 2


async def test_a_list_that_somebody_took_away_comes_back(site: Site) -> None:
    """Until it does, everything under its issuer is out."""
    agency = ScriptedAgency(answer(listed(ROOT, 7, "lost")))
    async with serving(agency.app()) as url:
        await site.confirm(url)
        await site.round()
        (path,) = (site.trust / "revocations").iterdir()
        path.unlink()
        await site.look()
        assert site.out("another")
        await site.round()
    assert (site.out("lost"), site.out("another")) == (True, False)


async def test_another_agencys_list_is_not_taken_from_this_one(site: Site) -> None:
    """Both roots are confirmed here; each agency speaks for itself."""
    other = key("other root")
    agency = ScriptedAgency(answer(listed(other, 1, "lost"), listed(ROOT, 1, "mine")))
    async with serving(agency.app()) as url:
        await site.confirm("", root=other)
        await site.confirm(url)
        await site.round()
    assert (site.out("lost", other), site.out("mine")) == (False, True)
    assert site.count("refused") == 1


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, b"", "garbage"),
        (200, b"<html>", "garbage"),
        (200, b'{"revocations": 7}', "garbage"),
        (200, b"[" * 100_000, "garbage"),
        (200, b"\xff" * 100, "garbage"),
        (200, b" " * (LARGEST_BYTES + 1), "unreachable"),
        (500, answer(listed(ROOT, 2)), "unreachable"),
        (204, b"", "unreachable"),
        (307, b"", "unreachable"),
    ],
)
async def test_whatever_an_agency_answers_weakens_nothing(
    site: Site, status: int, body: bytes, result: str
) -> None:
    """What is known stays known; the silence is counted."""
    agency = ScriptedAgency(answer(listed(ROOT, 1, "lost")))
    async with serving(agency.app()) as url:
        await site.confirm(url)
        await site.round()
        agency.status, agency.body = status, body
        agency.headers = {"location": url + "/elsewhere"} if status == 307 else {}
        await site.round()
    assert (site.out("lost"), site.out("another")) == (True, False)
    assert (site.count(result), site.silent()) == (1, 1)


async def test_an_agency_that_is_gone_is_told_of_once_in_ten_minutes(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Every question is counted, but a week of silence does not fill the log."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    await site.confirm(f"http://127.0.0.1:{port}")
    with caplog.at_level(logging.WARNING, logger="handfast.node"):
        for _ in range(22):
            await site.round()
            site.clock.move(30)
    assert len(caplog.records) == 2
    assert (site.count("unreachable"), site.silent()) == (22, 1)


async def test_one_agency_that_never_answers_holds_up_no_other(site: Site) -> None:
    """They are asked at the same time, and no longer than so long."""
    agency = ScriptedAgency(answer(listed(ROOT, 1, "lost")))
    site.fetch = FetchRevocations(
        trust=site.watch,
        serials=site.serials,
        link=AgencyLink(timeout_s=0.5),
        clock=site.clock,
        metrics=site.metrics,
    )
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        async with serving(agency.app()) as url:
            deaf_url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
            await site.confirm(deaf_url, root=key("other root"))
            await site.confirm(url)
            await site.round()
    assert site.out("lost")
    assert (site.count("unreachable"), site.silent()) == (1, 1)


@pytest.mark.parametrize("url", ["http://police.example", "https://[", f"https://{'a' * 70}.x"])
async def test_an_address_that_may_not_be_asked_is_counted(site: Site, url: str) -> None:
    """Nothing leaves the machine unencrypted, and an odd card ends no loop."""
    await site.confirm(url)
    await site.round()
    assert site.count("unreachable") == 1


async def test_a_card_without_an_address_is_never_asked(site: Site) -> None:
    """Its revocations come as files, as before."""
    await site.confirm("")
    await site.round()
    assert site.silent() == 0


async def test_tls_is_checked_against_the_authority_in_the_card(
    site: Site, tmp_path: Path
) -> None:
    """The system's authorities do not know it; no PEM at all is an error and no exception."""
    now_us = SystemClock().now_us()
    authority = make_authority("Test", now_us=now_us)
    identity = issue_server(authority, ["127.0.0.1"], now_us=now_us)
    (tmp_path / "server.pem").write_bytes(identity.certificate + authority.certificate)
    (tmp_path / "server.key").write_bytes(identity.key)
    listen = Listen(certificate=tmp_path / "server.pem", key=tmp_path / "server.key")
    agency = ScriptedAgency(answer(listed(ROOT, 1, "lost")))
    async with serving(agency.app(), listen) as url:
        await site.confirm(url)
        await site.round()
        await site.confirm(url, ca="no certificate")
        await site.round()
        assert (agency.asked, site.count("unreachable")) == (0, 2)
        await site.confirm(url, ca=authority.certificate.decode())
        await site.round()
    assert site.out("lost")


async def test_a_list_too_large_to_be_read_back_leaves_the_one_before(site: Site) -> None:
    """Otherwise it would count as lost, and everybody would be out."""
    agency = ScriptedAgency(answer(listed(ROOT, 1, "lost")))
    many = Revocation(
        suite=1, issuer=ROOT.fingerprint, serial=2, revoked=["x" * 43] * (1 << 15)
    )
    async with serving(agency.app()) as url:
        await site.confirm(url)
        await site.round()
        agency.body = answer(sign(many, ROOT))
        await site.round()
    assert (site.out("lost"), site.out("another"), site.count("refused")) == (True, False, 1)


async def test_a_disk_that_refuses_is_counted(site: Site) -> None:
    """The next round tries again."""
    (site.trust / "revocations").write_bytes(b"a file where the folder should be")
    agency = ScriptedAgency(answer(listed(ROOT, 1, "lost")))
    async with serving(agency.app()) as url:
        await site.confirm(url)
        await site.round()
        assert (site.out("lost"), site.count("unwritable")) == (False, 1)
        (site.trust / "revocations").unlink()
        await site.round()
    assert site.out("lost")
