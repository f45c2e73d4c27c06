"""Policy enforcement point: who may call what at the hub.

The hub decides nothing about pictures (P4): it checks that who calls is a named person on
a device that an enrolled agency certified (P7), or a node an enrolled owner certified, and
keeps people's requests and grants apart. What opens a camera is the node's decision.
"""

from typing import Final
from uuid import UUID

import msgspec

from handfast.hub.chain import Certified, Trust, check_chain
from handfast.hub.errors import RefusedError
from handfast.hub.ports import HubStore
from handfast.hub.sessions import SESSION_US, Challenges, Session, Sessions
from handfast.hub.views import envelope
from handfast.kit.clock import Clock
from handfast.kit.encoding import unb64
from handfast.kit.errors import HandfastError, InvalidError, NotFoundError
from handfast.model.access import Reason
from handfast.protocol.chain import Revocations
from handfast.protocol.signing import parse, verify
from handfast.protocol.statements import Login, Revocation
from handfast.protocol.wire import LoginAsk, LoginChallenge
from handfast.seal.identity import Envelope, fingerprint
from handfast.storage.hub_rows import CertificateRow, GrantRow, RequestRow
from handfast.storage.sqlite_hub import HubTransaction

CLOCKS_APART_US: Final = 120_000_000


class HubPep:
    """Checks callers. Event loop only."""

    def __init__(
        self,
        hub_id: str,
        *,
        store: HubStore,
        challenges: Challenges,
        sessions: Sessions,
        clock: Clock,
    ) -> None:
        """Take what is checked against."""
        self._hub_id = hub_id
        self._store = store
        self._challenges = challenges
        self._sessions = sessions
        self._clock = clock

    def challenge_officer(self, device: str) -> LoginChallenge:
        """Return what an officer's device has to sign."""
        return self._challenge(device, f"hub:{self._hub_id}")

    def challenge_node(self, device: str) -> LoginChallenge:
        """Return what a node has to sign to enter the bus."""
        return self._challenge(device, f"bus:{self._hub_id}")

    async def log_in(self, ask: LoginAsk) -> tuple[str, Session]:
        """Open a session for an officer's device and return its token.

        Raises:
            RefusedError: No enrolled agency stands behind the device, or the challenge
                was not answered by it in time.
            InvalidError: The message is malformed.
        """
        holder = await self._log_in(ask, f"hub:{self._hub_id}", "officer-device")
        if len(ask.chain) > 1:  # so that the administrator's revocations can be checked
            above = ask.chain[1:]
            await self.keep_certificate(await self.certified(above, "administrator"), above[0])
        certificate = holder.certificate
        session = Session(
            person=certificate.id,
            name=certificate.name,
            role=certificate.role,
            device=holder.fingerprint,
            key=holder.key,
            agency=holder.organisation.id,
            expires_us=min(self._clock.now_us() + SESSION_US, holder.until_us),
        )
        return self._sessions.open(session), session

    async def log_in_node(self, ask: LoginAsk) -> Certified:
        """Return the node that logs in, and keep its certificate to check what it signs.

        Raises:
            RefusedError: No enrolled owner stands behind it, or the challenge was not
                answered by it in time.
            InvalidError: The message is malformed.
        """
        holder = await self._log_in(ask, f"bus:{self._hub_id}", "node")
        await self._require_own_name(holder)
        await self.keep_certificate(holder, ask.chain[0])
        return holder

    async def keep_certificate(self, holder: Certified, envelope: Envelope) -> None:
        """Store a certificate that has been checked."""
        row = certificate_row(holder, envelope)
        await self._store.transact(lambda tables: tables.directory.certify(row))

    def session(self, token: str | None) -> Session:
        """Return the session of a bearer token.

        Raises:
            NotLoggedInError: There is none (any more).
        """
        return self._sessions.find(token or "")

    def still(self, session: Session) -> bool:
        """Tell whether a session has not expired since it was found."""
        return self._sessions.is_open(session)

    async def trust(self) -> Trust:
        """Return the enrolled roots and what was revoked."""
        return await self._store.transact(read_trust)

    async def certified(self, chain: list[Envelope], kind: str) -> Certified:
        """Return whom a chain certifies as a `kind`.

        Raises:
            RefusedError: It does not hold.
        """
        trust = await self.trust()
        return check_chain(chain, kind=kind, trust=trust, now_us=self._clock.now_us())

    async def require_node(self, node: str) -> None:
        """Make sure that a name is one of a node, before it becomes part of a subject.

        Raises:
            NotFoundError: No node of this id has logged in here.
        """
        known = await self._store.transact(
            lambda tables: bool(tables.directory.certificates("node", node))
        )
        if not known:
            raise NotFoundError(f"no node {node} is known here; choose one from the registry")

    async def grant_of(self, session: Session, grant: str) -> GrantRow:
        """Return a grant of the session's device.

        Raises:
            NotFoundError: There is none; somebody else's is as if it did not exist.
            RefusedError: It has ended.
        """
        row = await self._store.transact(lambda tables: tables.accesses.grant(grant))
        if row is None or row.device != session.device:
            raise NotFoundError(f"no grant {grant} of this device; ask for access")
        if row.ended_us is not None or row.until_us <= self._clock.now_us():
            reason = row.reason or Reason.TIME_BOX_ENDED
            raise RefusedError(reason, f"grant {grant} has ended; ask for access anew")
        return row

    async def request_of(self, session: Session, hash_: str) -> RequestRow:
        """Return a request of the session's device.

        Raises:
            NotFoundError: There is none, or it is somebody else's.
        """
        row = await self._store.transact(lambda tables: tables.accesses.request(hash_))
        if row is None or row.device != session.device:
            raise NotFoundError(f"no request {hash_} of this device")
        return row

    async def _require_own_name(self, holder: Certified) -> None:
        """Refuse a node that bears another owner's node's id, or a pattern for one."""
        node, owner = holder.certificate.id, holder.organisation.id
        if not _is_uuid(node):
            raise RefusedError(Reason.CERTIFICATE_INVALID, "the id of a node is a UUID")
        known = await self._store.transact(
            lambda tables: tables.directory.certificates("node", node)
        )
        if any(row.organisation != owner for row in known):
            message = f"node {node} belongs to another owner; give yours an id of its own"
            raise RefusedError(Reason.WRONG_NODE, message)

    def _challenge(self, device: str, audience: str) -> LoginChallenge:
        if len(unb64(device)) != 32:  # noqa: PLR2004 (SHA-256)
            raise InvalidError("device is the fingerprint of its key: b64 of 32 bytes")
        challenge, expires_us = self._challenges.issue(device, audience)
        return LoginChallenge(challenge=challenge, audience=audience, expires_us=expires_us)

    async def _log_in(self, ask: LoginAsk, audience: str, kind: str) -> Certified:
        holder = await self.certified(ask.chain, kind)
        name = holder.fingerprint
        try:
            login = verify(ask.login, Login, trusted={name: holder.key})
        except InvalidError:
            raise
        except HandfastError as error:
            raise RefusedError(
                Reason.CERTIFICATE_INVALID, "the login is not signed by the certified device"
            ) from error
        if login.device != name or login.audience != audience:
            raise RefusedError(
                Reason.WRONG_NODE, f"this login is for {login.audience}, not for {audience}"
            )
        self._challenges.use(login.challenge, device=name, audience=audience)
        if abs(self._clock.now_us() - login.at_us) > CLOCKS_APART_US:
            raise RefusedError(
                Reason.CLOCK_APART, "the device's clock is over 2 minutes off; set it"
            )
        return holder


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def read_trust(tables: HubTransaction) -> Trust:
    """Read the enrolled roots and what was revoked."""
    lists = {
        row.issuer: parse(unb64(envelope(row.envelope).payload), Revocation)
        for row in tables.directory.revocations()
    }
    return Trust(
        roots={fingerprint(row.root): row for row in tables.directory.organisations()},
        revocations=Revocations(newest=lists),
    )


def certificate_row(holder: Certified, envelope: Envelope) -> CertificateRow:
    """Return how a checked certificate is kept."""
    certificate = holder.certificate
    return CertificateRow(
        fingerprint=holder.fingerprint,
        kind=certificate.kind,
        holder=certificate.id,
        organisation=certificate.organisation,
        key=holder.key,
        issuer=certificate.issuer,
        serial=certificate.serial,
        not_before_us=certificate.not_before_us,
        not_after_us=holder.until_us,
        envelope=msgspec.json.encode(envelope),
    )
