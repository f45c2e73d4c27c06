"""What the node believes: only what the right roots signed, never an older version of it."""

from pathlib import Path

import msgspec
import pytest

from handfast.kit.encoding import b64
from handfast.node.trust import Self, Trusted, TrustFolders
from handfast.node.trust_watch import TrustWatch
from handfast.protocol.agreement_document import to_document
from handfast.protocol.signing import hash_of, sign
from handfast.protocol.statements import Revocation
from handfast.seal.identity import Envelope, SigningKey
from tests.fakes.node_stores import MemorySerials
from tests.scenario.node.people import AGENCY, NODE, ON_ALARM, OWNER, People, key

NOW_US = 1_790_000_000_000_000
LOG = "log+1234+key"


class Office:
    """The two folders of a node and what is put into them."""

    def __init__(self, folder: Path) -> None:
        """Begin with the agency's root confirmed."""
        self.people = People(now_us=NOW_US)
        self.trust, self.agreements = folder / "trust", folder / "agreements"
        for each in ("agencies", "certificates", "revocations"):
            (self.trust / each).mkdir(parents=True)
        self.agreements.mkdir()
        self.serials = MemorySerials()
        card = {"id": AGENCY, "name": "Police", "root": b64(self.people.agency_root.public)}
        (self.trust / "agencies" / "police.json").write_bytes(
            msgspec.json.encode({**card, "dispatch": "more fields may stand here"})
        )
        self.folders = TrustFolders(
            self.trust,
            self.agreements,
            self_=Self(
                node=NODE,
                owner=OWNER,
                owner_root=self.people.owner_root.public,
                sign=self.people.node.public,
                log=LOG,
            ),
            serials=self.serials,
        )

    def put(self, place: str, envelope: Envelope) -> Path:
        """Put an envelope into a folder, `agreements/a` or `certificates/a`."""
        folder = self.agreements.parent if place.startswith("agreements") else self.trust
        path = folder / f"{place}.json"
        path.write_bytes(msgspec.json.encode(envelope))
        return path

    def load(self) -> Trusted:
        """Read the folders."""
        return self.folders.load()

    def revoke(self, issuer: SigningKey, serial: int, *revoked: SigningKey) -> Envelope:
        """Sign a revocation list."""
        listed = Revocation(
            suite=1,
            issuer=issuer.fingerprint,
            serial=serial,
            revoked=[each.fingerprint for each in revoked],
        )
        return sign(listed, issuer)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an office with empty folders."""
    return Office(tmp_path)


def test_a_countersigned_agreement_stands(office: Office) -> None:
    """Both roots have signed, and it is about this node, its key and its log."""
    agreement = office.people.agreement(ON_ALARM, log=LOG)
    office.put("agreements/a", office.people.countersigned(agreement))
    trusted = office.load()
    assert list(trusted.standing) == [hash_of(to_document(agreement))]
    assert trusted.by_agency_root(office.people.agency_root.fingerprint)
    assert not trusted.by_agency_root(office.people.dispatch.fingerprint)


def test_half_signed_and_foreign_agreements_are_left_out(office: Office) -> None:
    """One signature, another root, another node, another log, no JSON: none stands."""
    people = office.people
    agreement = people.agreement(ON_ALARM, log=LOG)
    document = to_document(agreement)
    office.put("agreements/owner", sign(document, people.owner_root))
    office.put("agreements/agency", sign(document, people.agency_root))
    office.put("agreements/hub", sign(document, people.owner_root, key("hub")))
    other = msgspec.structs.replace(
        document, node=msgspec.structs.replace(document.node, sign=b64(key("x").public))
    )
    office.put("agreements/node", sign(other, people.owner_root, people.agency_root))
    log = people.agreement(ON_ALARM, log="another+log+key")
    office.put("agreements/log", people.countersigned(log))
    (office.agreements / "junk.json").write_bytes(b"{")
    (office.agreements / "large.json").write_bytes(b" " * (1 << 20) + b"{}")
    assert office.load().standing == {}


def test_an_agency_nobody_confirmed_is_not_believed(office: Office) -> None:
    """Without its card in the folder, the agency's signature is a stranger's."""
    agreement = office.people.agreement(ON_ALARM, log=LOG)
    office.put("agreements/a", office.people.countersigned(agreement))
    (office.trust / "agencies" / "police.json").unlink()
    assert office.load().standing == {}


def test_the_newest_serial_stands_and_no_older_one_ever_again(office: Office) -> None:
    """Replaced, rolled back, restarted: the old one stays dead."""
    people = office.people
    first = people.countersigned(people.agreement(ON_ALARM, log=LOG, serial=1))
    second = people.agreement(ON_ALARM, log=LOG, serial=2)
    office.put("agreements/old", first)
    path = office.put("agreements/new", people.countersigned(second))
    assert list(office.load().standing) == [hash_of(to_document(second))]
    path.unlink()
    assert office.load().standing == {}


def test_owners_devices_are_certified_by_the_owners_root(office: Office) -> None:
    """A device that the agency or the hub vouches for is no device of the owner's."""
    people = office.people
    office.put("certificates/phone", people.owner_device(people.phone))
    forged = people.certificate(
        "owner-device", people.tablet, key("hub"), organisation=OWNER, role="principal"
    )
    office.put("certificates/tablet", forged)
    assert set(office.load().devices) == {people.phone.fingerprint}


def test_a_revocation_counts_and_cannot_be_taken_out_again(office: Office) -> None:
    """The list gone missing, everything under its issuer counts as revoked."""
    people = office.people
    root = people.agency_root.fingerprint
    office.put("revocations/1", office.revoke(people.agency_root, 1, key("a")))
    path = office.put("revocations/2", office.revoke(people.agency_root, 2, key("b")))
    revoked = office.load().revoked
    assert revoked.names(key("b").fingerprint, issuers=(root,))
    assert not revoked.names(key("a").fingerprint, issuers=(root,))
    path.unlink()
    assert office.load().revoked.names(key("anybody").fingerprint, issuers=(root,))


def test_revocations_by_strangers_change_nothing(office: Office) -> None:
    """Neither the hub's, nor one that names another issuer than its signer."""
    people = office.people
    office.put("revocations/hub", office.revoke(key("hub"), 9, people.administrator))
    listed = Revocation(suite=1, issuer=people.owner_root.fingerprint, serial=9, revoked=["x"])
    office.put("revocations/posed", sign(listed, people.agency_root))
    revoked = office.load().revoked
    assert not revoked.names("x", issuers=(people.owner_root.fingerprint,))
    assert not revoked.lost


def test_an_administrators_list_counts_when_its_certificate_is_here(office: Office) -> None:
    """The administrator vouched for the device, so the administrator may take it back."""
    people = office.people
    top = people.certificate("administrator", people.administrator, people.agency_root)
    office.put("certificates/administrator", top)
    office.put("revocations/a", office.revoke(people.administrator, 1, key("device")))
    revoked = office.load().revoked
    issuers = (people.administrator.fingerprint,)
    assert revoked.names(key("device").fingerprint, issuers=issuers)


async def test_folders_are_read_again_only_when_something_changed(office: Office) -> None:
    """A file put in counts at the next look; otherwise nobody is told."""
    watch = TrustWatch(office.folders)
    told: list[int] = []

    async def changed() -> None:
        told.append(len(watch.now().standing))

    await watch.tick(changed)
    agreement = office.people.agreement(ON_ALARM, log=LOG)
    office.put("agreements/a", office.people.countersigned(agreement))
    await watch.tick(changed)
    await watch.tick(changed)
    assert told == [1]
