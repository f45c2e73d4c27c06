"""What of an agency's answer is believed: exactly what its root stands behind."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.encoding import read_json
from handfast.kit.errors import InvalidError
from handfast.protocol.revocation_lists import BelievedLists, believe_lists
from handfast.protocol.signing import sign
from handfast.protocol.statements import Revocation
from handfast.protocol.wire import RevocationLists
from handfast.seal.identity import Envelope, SigningKey
from tests.scenario.node.people import AGENCY, OWNER, People, key

PEOPLE = People(now_us=1_790_000_000_000_000)
ROOT, ADMINISTRATOR = PEOPLE.agency_root, PEOPLE.administrator
TOP = PEOPLE.certificate("administrator", ADMINISTRATOR, ROOT)


def listed(
    issuer: SigningKey, serial: int = 1, *signers: SigningKey, suite: int = 1
) -> Envelope:
    """Sign a list in an issuer's name, by default with the issuer's key."""
    revocation = Revocation(
        suite=suite, issuer=issuer.fingerprint, serial=serial, revoked=[key("x").fingerprint]
    )
    return sign(revocation, *(signers or (issuer,)))


def believed(lists: list[Envelope], certificates: list[Envelope]) -> BelievedLists:
    """Check an answer as a node that pins the agency's root."""
    answer = RevocationLists(revocations=lists, certificates=certificates)
    return believe_lists(answer, root=ROOT.public, organisation=AGENCY)


def test_the_roots_and_an_administrators_lists_are_believed() -> None:
    """Each with what is needed to read it again later."""
    found = believed([listed(ROOT, 3), listed(ADMINISTRATOR, 7)], [TOP])
    assert found.refused == ()
    root, administrator = (found.newest[each.fingerprint] for each in (ROOT, ADMINISTRATOR))
    assert (root.revocation.serial, root.certificate) == (3, None)
    assert (administrator.revocation.serial, administrator.certificate) == (7, TOP)


def test_the_highest_serial_counts_in_whatever_order() -> None:
    """An answer with two lists of one issuer cannot roll it back."""
    lists = [listed(ROOT, 2), listed(ROOT, 5), listed(ROOT, 4)]
    assert believed(lists, []).newest[ROOT.fingerprint].revocation.serial == 5


def test_an_administrator_whose_certificate_has_run_out_still_has_revoked() -> None:
    """Time gives nothing back."""
    old = PEOPLE.certificate("administrator", ADMINISTRATOR, ROOT, until_us=1)
    assert ADMINISTRATOR.fingerprint in believed([listed(ADMINISTRATOR)], [old]).newest


@pytest.mark.parametrize(
    ("lists", "certificates"),
    [
        pytest.param([listed(ROOT, 1, key("hub"))], [], id="signed-by-another"),
        pytest.param([listed(ROOT, 1, ROOT, key("hub"))], [], id="signed-by-two"),
        pytest.param([listed(ADMINISTRATOR, 1, ROOT)], [TOP], id="in-anothers-name"),
        pytest.param([listed(ADMINISTRATOR)], [], id="no-certificate"),
        pytest.param([listed(key("other root"))], [], id="another-agency"),
        pytest.param([listed(ROOT, 0)], [], id="serial-0"),
        pytest.param([listed(ROOT, suite=99)], [], id="unknown-suite"),
        pytest.param([TOP], [], id="no-list"),
        pytest.param(
            [listed(ADMINISTRATOR)],
            [PEOPLE.certificate("administrator", ADMINISTRATOR, key("hub"))],
            id="administrator-of-another-root",
        ),
        pytest.param(
            [listed(ADMINISTRATOR)],
            [PEOPLE.certificate("administrator", ADMINISTRATOR, ROOT, organisation=OWNER)],
            id="administrator-of-another-organisation",
        ),
        pytest.param(
            [listed(ADMINISTRATOR)],
            [PEOPLE.certificate("dispatch", ADMINISTRATOR, ROOT)],
            id="no-administrator",
        ),
        pytest.param(
            [listed(key("device of A. Rivera"))],
            [TOP, PEOPLE.officer().chain[0]],
            id="an-officer",
        ),
    ],
)
def test_what_does_not_hold_is_refused_and_takes_nothing_from_the_rest(
    lists: list[Envelope], certificates: list[Envelope]
) -> None:
    """The root's true list beside it is believed all the same."""
    assert believed(lists, certificates).newest == {}
    assert believed(lists, certificates).refused
    beside = believed([*lists, listed(ROOT, 9)], certificates).newest
    assert {each.revocation.serial for each in beside.values()} == {9}


WHOLE = msgspec.json.encode(
    RevocationLists(revocations=[listed(ROOT, 3), listed(ADMINISTRATOR, 7)], certificates=[TOP])
)


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=0, max_size=3))
def test_no_change_on_the_way_adds_anything(at: int, put: bytes) -> None:
    """Bytes replaced anywhere: an error, or a part of what was signed."""
    try:
        answer = read_json(WHOLE[:at] + put + WHOLE[at + 1 :], RevocationLists)
    except InvalidError:
        return
    found = believe_lists(answer, root=ROOT.public, organisation=AGENCY).newest
    serials = {issuer: each.revocation.serial for issuer, each in found.items()}
    signed = {ROOT.fingerprint: 3, ADMINISTRATOR.fingerprint: 7}
    assert serials.items() <= signed.items()
