"""What the owner's people sign: verified against the owner's root at each use (P4)."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from handfast.kit.errors import DeniedError, InvalidError
from handfast.model.access import Deny
from handfast.node.chain import check_owner_device
from handfast.node.challenges import Challenges
from handfast.node.steady import SteadyClock
from handfast.node.trust import Trusted
from handfast.protocol.area_statements import Drawing, StillWish
from handfast.protocol.chain import VerifiedChain
from handfast.protocol.signing import verify
from handfast.protocol.statements import Approval, Closing, Login, Switch
from handfast.seal.identity import Envelope

CLOCK_APART_US = 120_000_000
_Signed = TypeVar("_Signed", Approval, Closing, Switch, Login, Drawing, StillWish)


class Challenged(Protocol):
    """A statement that answers a single-use challenge."""

    @property
    def challenge(self) -> str:
        """The challenge."""
        ...


class OwnerDevices:
    """Reads statements of the owner's devices. Belongs to one event loop; never blocks."""

    def __init__(
        self,
        *,
        node: str,
        owner: str,
        owner_root: bytes,
        trusted: Callable[[], Trusted],
        clock: SteadyClock,
        challenges: Challenges,
    ) -> None:
        """Take the owner's root and what is believed now."""
        self.node = node
        self._owner = owner
        self._root = owner_root
        self._trusted = trusted
        self._clock = clock
        self._challenges = challenges

    def read(self, envelope: Envelope, expected: type[_Signed]) -> _Signed:
        """Return a statement signed by one of the owner's devices, and by nobody else.

        1. the signer is a device the owner's root vouches for now; 2. its signature holds;
        3. the statement names that device; 4. it is fresh within two minutes.

        Raises:
            DeniedError: 1 or 3. CorruptError: 2. InvalidError: 4, or it is malformed.
        """
        keyid = envelope.signatures[0].keyid if envelope.signatures else ""
        device = self.device(keyid)
        statement = verify(envelope, expected, trusted={keyid: device.sign})
        if statement.device != keyid:
            raise DeniedError("the statement names another device; sign it on that one")
        if abs(self._clock.now_us() - statement.at_us) > CLOCK_APART_US:
            raise InvalidError("the device's clock is minutes apart; set it and try again")
        return statement

    def device(self, device: str) -> VerifiedChain:
        """Return what is certified of one of the owner's devices, in force now.

        Raises:
            DeniedError: It is unknown, revoked or not in force.
        """
        trusted = self._trusted()
        envelope = trusted.devices.get(device)
        if envelope is None:
            raise DeniedError("no device of the owner's; pair it first (handfast node pair)")
        found = check_owner_device(
            envelope,
            root=self._root,
            owner=self._owner,
            revoked=trusted.revoked,
            now_us=self._clock.now_us(),
        )
        if isinstance(found, Deny):
            raise DeniedError(found.explanation)
        return found

    def consume(self, statement: Challenged) -> None:
        """Use up a statement's challenge.

        Raises:
            DeniedError: It is not ours, old or used: a replay.
        """
        if not self._challenges.consume(statement.challenge):
            raise DeniedError("the challenge is not ours, old or used; fetch a new one")

    def require_node(self, node: str) -> None:
        """Refuse what was signed for another node.

        Raises:
            DeniedError: It was.
        """
        if node != self.node:
            raise DeniedError("the statement was signed for another site")
