"""Who vouches for whom, and every way a chain can lie."""

import pytest

from handfast.model.access import Reason
from handfast.protocol.chain import ChainError, Revocations, VerifiedChain, verify_chain
from handfast.protocol.statements import Revocation
from handfast.seal.identity import Envelope
from tests.unit.protocol.people import (
    AGENCY,
    NOW_US,
    OWNER,
    YEAR_US,
    Subject,
    certify,
    key,
    officer_chain,
)

NOBODY = Revocations(newest={})
DEVICE = Subject(kind="officer-device", key=key("device"))
ADMINISTRATOR = Subject(kind="administrator", key=key("administrator"))


def verified(
    chain: list[Envelope],
    *,
    now_us: int = NOW_US,
    revocations: Revocations = NOBODY,
    organisation: str = AGENCY,
) -> VerifiedChain:
    """Verify against the agency's root."""
    return verify_chain(
        chain,
        root=key("agency root").public,
        organisation=organisation,
        revocations=revocations,
        now_us=now_us,
    )


def refused(chain: list[Envelope], **changes: object) -> Reason:
    """Return the reason of a chain that must not hold."""
    with pytest.raises(ChainError) as caught:
        verified(chain, **changes)  # type: ignore[arg-type]  # the keywords of `verified`
    return caught.value.reason


def test_p7_named_people_only_a_whole_chain_names_the_person() -> None:
    """Device, administrator, root: the leaf says who it is."""
    chain = verified(officer_chain())
    assert (chain.leaf.name, chain.leaf.role) == ("A. Rivera", "officer")
    assert chain.device == key("device").fingerprint
    assert chain.not_after_us == NOW_US + YEAR_US


@pytest.mark.parametrize(
    "chain",
    [
        [],
        officer_chain()[:1],
        officer_chain()[::-1],
        [*officer_chain(), officer_chain()[1]],
        [certify(DEVICE, key("agency root"))],
        [certify(DEVICE, key("hub")), officer_chain()[1]],
        [certify(DEVICE, key("hub")), certify(ADMINISTRATOR, key("hub"))],
        [
            certify(DEVICE, key("dispatch")),
            certify(Subject(kind="dispatch", key=key("dispatch")), key("agency root")),
        ],
        [
            certify(Subject(kind="administrator", key=key("device")), key("administrator")),
            officer_chain()[1],
        ],
        [
            certify(
                Subject(kind="officer-device", key=key("device"), organisation=OWNER),
                key("administrator"),
            ),
            officer_chain()[1],
        ],
    ],
)
def test_p7_named_people_only_nobody_else_can_mint_an_officer(chain: list[Envelope]) -> None:
    """Missing, swapped, hub-made, wrongly issued and foreign certificates are invalid."""
    assert refused(chain) is Reason.CERTIFICATE_INVALID


def test_p7_named_people_only_an_expired_certificate_anywhere_ends_the_chain() -> None:
    """The shortest certificate counts, and its end is exclusive."""
    short = certify(ADMINISTRATOR, key("agency root"), not_after_us=NOW_US + 1)
    chain = [officer_chain()[0], short]
    assert verified(chain).not_after_us == NOW_US + 1
    assert refused(chain, now_us=NOW_US + 1) is Reason.CERTIFICATE_EXPIRED


@pytest.mark.parametrize(
    ("issuer", "revoked"), [("administrator", "device"), ("agency root", "administrator")]
)
def test_p7_named_people_only_a_revoked_key_is_out(issuer: str, revoked: str) -> None:
    """A device taken back by its administrator, or an administrator by the root."""
    listed = Revocation(
        suite=1,
        issuer=key(issuer).fingerprint,
        serial=2,
        revoked=[key(revoked).fingerprint],
    )
    revocations = Revocations(newest={listed.issuer: listed})
    assert refused(officer_chain(), revocations=revocations) is Reason.CERTIFICATE_REVOKED


def test_a_chain_of_another_organisation_is_invalid() -> None:
    """An agency's root vouches for its own people only."""
    assert refused(officer_chain(), organisation=OWNER) is Reason.CERTIFICATE_INVALID
