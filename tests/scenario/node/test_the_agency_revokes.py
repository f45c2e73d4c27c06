"""P7: what an agency has revoked is out at the node, whatever the hub does."""

from pathlib import Path

import msgspec

from handfast.agency.app import build_app
from handfast.agency.config import AgencyConfig, AgencyTable, HubTable
from handfast.agency.ports import Agency
from handfast.agency.usecases.certify_device import install_certificate, revoke_devices
from handfast.kit.encoding import b64
from handfast.node.agency_link import AgencyLink
from handfast.node.trust import Self, TrustFolders
from handfast.node.trust_watch import TrustWatch
from handfast.node.usecases.fetch_revocations import FetchRevocations
from handfast.protocol.signing import sign
from handfast.protocol.statements import Revocation
from handfast.storage.sqlite_agency import SqliteAgency
from tests.city.serving import serving
from tests.fakes.steady import CountingIds
from tests.scenario.node.people import AGENCY, NODE, OWNER
from tests.scenario.node.school import School


class Police:
    """The school's agency with its real server and database."""

    def __init__(self, folder: Path, school: School) -> None:
        """Install its one administrator."""
        people = self.people = school.people
        table = AgencyTable(
            id=AGENCY,
            name="Police",
            root=b64(people.agency_root.public),
            hub=HubTable(id="hub", url="http://127.0.0.1:1"),
        )
        self.agency = Agency(
            id=AGENCY,
            name="Police",
            root=people.agency_root.public,
            dispatch=people.dispatch,
            store=SqliteAgency(folder / "agency.db"),
            clock=school.clock,
            ids=CountingIds(),
        )
        self.app = build_app(AgencyConfig(folder=folder, table=table), self.agency)
        top = people.certificate("administrator", people.administrator, people.agency_root)
        install_certificate(self.agency, top)

    def revoke(self, *devices: str, serial: int) -> None:
        """Take devices back, as the administrator's browser does."""
        issuer = self.people.administrator
        listed = Revocation(
            suite=1, issuer=issuer.fingerprint, serial=serial, revoked=list(devices)
        )
        revoke_devices(self.agency, sign(listed, issuer))


class Trust:
    """The school's trust folders on a real disk, and its way to the agency."""

    def __init__(self, folder: Path, school: School, url: str) -> None:
        """Put the agency's card into the folder."""
        people = self.people = school.people
        self.school = school
        card = {"id": AGENCY, "name": "Police", "root": b64(people.agency_root.public)}
        (folder / "trust" / "agencies").mkdir(parents=True)
        (folder / "agreements").mkdir()
        path = folder / "trust" / "agencies" / "police.json"
        path.write_bytes(msgspec.json.encode({**card, "url": url}))
        me = Self(
            node=NODE,
            owner=OWNER,
            owner_root=people.owner_root.public,
            sign=people.node.public,
            log=school.heart.pep.log_vkey,
        )
        serials = school.memory.serials
        trust, agreements = folder / "trust", folder / "agreements"
        self.watch = TrustWatch(TrustFolders(trust, agreements, self_=me, serials=serials))
        self.fetch = FetchRevocations(
            trust=self.watch,
            serials=serials,
            link=AgencyLink(),
            clock=school.clock,
            metrics=school.metrics,
        )

    async def round(self) -> None:
        """Ask the agency, look at the folders, judge again: half a minute of a node's life."""
        await self.fetch.tick()
        await self.watch.tick(self._changed)

    async def _changed(self) -> None:
        self.school.revoke(self.watch.now().revoked)
        await self.school.heart.grants.judge_all()


async def test_p7_named_people_only_the_agency_revokes_and_a_live_view_ends(
    tmp_path: Path,
) -> None:
    """Without a word from the hub, and the agency's going away brings nobody back."""
    school = School()
    police = Police(tmp_path, school)
    await school.alarm()
    officer, colleague = school.people.officer(), school.people.officer("B. Lindqvist")
    await school.films(1)
    watching, other = await school.watches(officer), await school.watches(colleague)
    await school.films(2)
    async with serving(police.app) as url:
        trust = Trust(tmp_path, school, url)
        await trust.round()
        assert watching.ends() == []
        police.revoke(officer.sign.fingerprint, serial=1)
        await trust.round()
    await school.films(1)
    (end,) = watching.ends()
    assert end.reason == "certificate-revoked"
    assert other.ends() == []
    await trust.round()
    assert (await school.asks(officer)).reason == "certificate-revoked"
    assert (await school.asks(colleague)).outcome == "permit"
