"""Whom this node believes: roots, devices, agreements, revocations, from two folders.

    trust/agencies/*.json      agency cards {"id","name","root","url",...}, confirmed outside
                               the hub; `FetchRevocations` asks at the url
    trust/certificates/*.json  certificate envelopes: owner's devices, administrators
    trust/revocations/*.json   revocation envelopes
    agreements/*.json          agreement envelopes, signed by both roots

A file that cannot be believed is left out with one line in the log; it never weakens another.
Serials of agreements and revocations are remembered: a lower one is refused for ever.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from handfast.kit.encoding import unb64
from handfast.kit.errors import HandfastError, InvalidError
from handfast.model.agreement import Agreement
from handfast.node.chain import Revoked
from handfast.node.ports import Serials
from handfast.policy.compile import CompiledAgreement, compile_agreement
from handfast.protocol.agreement_document import read_agreement
from handfast.protocol.chain import Revocations
from handfast.protocol.revocation_lists import SignedList
from handfast.protocol.signing import verify
from handfast.protocol.statements import Certificate, Revocation
from handfast.seal.identity import Envelope, fingerprint, statement_hash
from handfast.storage.files import make_directory, write_durably

_log = logging.getLogger(__name__)
_File = TypeVar("_File", bound=msgspec.Struct)
_LARGEST_BYTES = 1 << 20
_FETCHED = "fetched-"  # what the node itself wrote, beside what people put in


class AgencyRoot(msgspec.Struct, frozen=True, kw_only=True):
    """An agency's public card as far as it matters here; more fields may stand in it.

    Attributes:
        url: Origin of the agency's server, asked what has been revoked; empty: never asked,
            and revocations come as files only.
        ca: PEM text of the authority of that server's certificate; empty: the system's.
    """

    id: str
    name: str
    root: str
    url: str = ""
    ca: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An agreement that holds at this node, ready to be decided on."""

    hash: str
    compiled: CompiledAgreement

    @property
    def agreement(self) -> Agreement:
        """What it was compiled from."""
        return self.compiled.agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """Everything believed at one moment.

    Attributes:
        devices: Certificates of the owner's devices by device fingerprint; signatures
            and validity are checked at each use.
        standing: Agreements by hash of their statement.
        documents: The same, as both roots signed them.
        agencies: The confirmed agencies.
    """

    devices: Mapping[str, Envelope] = field(default_factory=dict)
    standing: Mapping[str, Standing] = field(default_factory=dict)
    documents: Mapping[str, Envelope] = field(default_factory=dict)
    revoked: Revoked = field(default_factory=Revoked)
    agencies: tuple[AgencyRoot, ...] = ()

    def by_agency_root(self, keyid: str) -> tuple[Standing, ...]:
        """Return the agreements with the agency whose root has this fingerprint."""
        return tuple(
            each
            for each in self.standing.values()
            if fingerprint(each.agreement.agency_root) == keyid
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Self:
    """What a document must say of this node to be about it.

    Attributes:
        sign: Raw Ed25519 key.
        log: vkey of the owner's log.
    """

    node: str
    owner: str
    owner_root: bytes
    sign: bytes
    log: str


class TrustFolders:
    """Reads the two folders. Not for several threads at once."""

    def __init__(self, trust: Path, agreements: Path, *, self_: Self, serials: Serials) -> None:
        """Take the folders; missing ones count as empty."""
        self._trust = trust
        self._agreements = agreements
        self._self = self_
        self._serials = serials

    def fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """Return names, sizes and times of all files: equal while nothing changed."""
        return tuple(
            (str(path), found.st_size, found.st_mtime_ns)
            for folder in self._folders()
            for path in sorted(folder.glob("*.json"))
            for found in [path.stat()]
        )

    def load(self) -> Trusted:
        """Read everything anew. Blocks for the disk."""
        agencies = self._agencies()
        roots = {fingerprint(unb64(each.root)): unb64(each.root) for each in agencies}
        devices, administrators = self._certificates(roots)
        signed: dict[str, Envelope] = {}
        standing = self._standing(roots, signed)
        return Trusted(
            devices=devices,
            standing=standing,
            documents={each: signed[each] for each in standing},
            revoked=self._revoked(roots, administrators),
            agencies=agencies,
        )

    def keep(self, found: SignedList) -> None:
        """Write a verified list and its issuer's certificate, durable on return.

        The certificate goes first: a crash in between leaves the older list in force. Only
        files are touched, so any thread may call this.

        Raises:
            InvalidError: It is larger than any document here, and could not be read back.
            OSError: The disk refused; nothing, or the certificate alone, was written.
        """
        name = f"{_FETCHED}{found.revocation.issuer}.json"
        text = msgspec.json.encode(found.envelope)
        if len(text) > _LARGEST_BYTES:
            raise InvalidError(f"a revocation list of {len(text)} bytes; issue a shorter one")
        if found.certificate is not None:
            certificates = self._trust / "certificates"
            make_directory(certificates)
            write_durably(certificates / name, msgspec.json.encode(found.certificate))
        make_directory(self._trust / "revocations")
        write_durably(self._trust / "revocations" / name, text)

    def _agencies(self) -> tuple[AgencyRoot, ...]:
        found: list[AgencyRoot] = []
        for path, card in _read(self._trust / "agencies", AgencyRoot):
            try:
                fingerprint(unb64(card.root))
                found.append(card)
            except HandfastError as error:
                _left_out(path, error)
        return tuple(found)

    def _folders(self) -> tuple[Path, ...]:
        names = ("agencies", "certificates", "revocations")
        return (*(self._trust / name for name in names), self._agreements)

    def _certificates(
        self, roots: Mapping[str, bytes]
    ) -> tuple[dict[str, Envelope], dict[str, bytes]]:
        owner = {fingerprint(self._self.owner_root): self._self.owner_root}
        devices: dict[str, Envelope] = {}
        administrators: dict[str, bytes] = {}
        for path, envelope in _read(self._trust / "certificates", Envelope):
            try:
                certificate = verify(envelope, Certificate, trusted={**owner, **roots})
                key = unb64(certificate.sign)
                if certificate.kind == "owner-device":
                    devices[fingerprint(key)] = envelope
                elif certificate.kind == "administrator" and certificate.issuer in roots:
                    administrators[fingerprint(key)] = key
            except HandfastError as error:
                _left_out(path, error)
        return devices, administrators

    def _revoked(
        self, roots: Mapping[str, bytes], administrators: Mapping[str, bytes]
    ) -> Revoked:
        owner = {fingerprint(self._self.owner_root): self._self.owner_root}
        trusted = {**owner, **roots, **administrators}
        newest: dict[str, Revocation] = {}
        for path, envelope in _read(self._trust / "revocations", Envelope):
            try:
                found = verify(envelope, Revocation, trusted=trusted)
                if [each.keyid for each in envelope.signatures] != [found.issuer]:
                    raise InvalidError("a revocation is signed by its issuer and nobody else")
                if self._is_newest(f"revocation:{found.issuer}", found.serial):
                    before = newest.get(found.issuer)
                    if before is None or before.serial < found.serial:
                        newest[found.issuer] = found
            except HandfastError as error:
                _left_out(path, error)
        known = {each for each in trusted if self._serials.highest(f"revocation:{each}")}
        return Revoked(lists=Revocations(newest=newest), lost=frozenset(known - newest.keys()))

    def _standing(
        self, roots: Mapping[str, bytes], signed: dict[str, Envelope]
    ) -> dict[str, Standing]:
        newest: dict[str, Standing] = {}
        for path, envelope in _read(self._agreements, Envelope):
            try:
                standing = self._agreement(envelope, roots)
                agreement = standing.agreement
                if not self._is_newest(f"agreement:{agreement.id}", agreement.serial):
                    raise InvalidError(f"serial {agreement.serial} has been replaced")
                before = newest.get(agreement.id)
                if before is None or before.agreement.serial < agreement.serial:
                    newest[agreement.id] = standing
                    signed[standing.hash] = envelope
            except HandfastError as error:
                _left_out(path, error)
        return {each.hash: each for each in newest.values()}

    def _agreement(self, envelope: Envelope, roots: Mapping[str, bytes]) -> Standing:
        me = self._self
        agreement = read_agreement(envelope, owner_root=me.owner_root, agency_roots=roots)
        named = (agreement.owner, agreement.owner_root, agreement.node, agreement.node_key)
        if named != (me.owner, me.owner_root, me.node, me.sign) or agreement.log != me.log:
            raise InvalidError("it names another owner, node, node key or log")
        return Standing(
            hash=statement_hash(unb64(envelope.payload)),
            compiled=compile_agreement(agreement),
        )

    def _is_newest(self, name: str, serial: int) -> bool:
        self._serials.advance(name, serial)
        return self._serials.highest(name) == serial


def _read(folder: Path, expected: type[_File]) -> Iterator[tuple[Path, _File]]:
    for path in sorted(folder.glob("*.json")):
        try:
            if path.stat().st_size > _LARGEST_BYTES:
                raise InvalidError("larger than any document here")
            yield path, msgspec.json.decode(path.read_bytes(), type=expected)
        except (OSError, ValueError, HandfastError) as error:
            _left_out(path, error)


def _left_out(path: Path, error: Exception) -> None:
    _log.warning("%s is left out: %s", path.name, error)
