"""A named person's device answers a challenge."""

from dataclasses import dataclass

from handfast.agency.ports import Agency
from handfast.agency.usecases.certify_device import known_revocations
from handfast.kit.errors import DeniedError
from handfast.protocol.chain import VerifiedChain, verify_chain
from handfast.protocol.signing import verify
from handfast.protocol.statements import Login
from handfast.protocol.wire import LoginAsk
from handfast.web.sessions import Challenges


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who has logged in: an officer or an administrator on one device."""

    person: str
    name: str
    role: str
    device: str
    administers: bool


def audience_of(agency: Agency) -> str:
    """Return what a login here must name."""
    return f"agency:{agency.id}"


def log_in(agency: Agency, challenges: Challenges, ask: LoginAsk) -> tuple[Member, int]:
    """Verify a login; return who it is and the exclusive end of their certificates.

    Raises:
        DeniedError: The chain, the signature, the audience or the challenge does not hold.
    """
    chain = verify_chain(
        ask.chain,
        root=agency.root,
        organisation=agency.id,
        revocations=known_revocations(agency),
        now_us=agency.clock.now_us(),
    )
    if chain.leaf.kind not in ("officer-device", "administrator"):
        raise DeniedError("log in with a person's device")
    login = verify(ask.login, Login, trusted={chain.device: chain.sign})
    if login.audience != audience_of(agency) or login.device != chain.device:
        raise DeniedError("the login was signed for somebody else; ask for a new challenge")
    challenges.take(login.challenge)
    return _member(chain), chain.not_after_us


def _member(chain: VerifiedChain) -> Member:
    return Member(
        person=chain.leaf.id,
        name=chain.leaf.name,
        role=chain.leaf.role,
        device=chain.device,
        administers=chain.leaf.kind == "administrator",
    )
