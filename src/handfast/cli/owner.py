"""`handfast owner`: what an owner's root does, offline, and the agreements it signs."""

import argparse
import json
from pathlib import Path

import msgspec

from handfast.cli.command import Commands, add_command, add_group
from handfast.cli.files import (
    read_envelope,
    read_json,
    read_signing_key,
    write_envelope,
    write_signing_key,
)
from handfast.kit.clock import SystemClock
from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import DeniedError
from handfast.kit.ids import SystemIds
from handfast.model.camera import AgencyId, NodeId, OwnerId
from handfast.protocol.agreement_document import AgreementDocument, unverified_agreement
from handfast.protocol.ceremony import Subject, certify
from handfast.protocol.chain import read_enrolment
from handfast.protocol.drafting import TEMPLATES, Parties, draft_agreement
from handfast.protocol.signing import sign
from handfast.seal.identity import Envelope, SigningKey, fingerprint, join_signatures
from handfast.storage.files import make_directory, write_durably

ROOT_KEY = "owner-root.key"


class OwnerCard(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's public side, `owner.json`: shown to partners, compared by fingerprint."""

    id: str
    name: str
    root: str


class NodeCard(msgspec.Struct, frozen=True, kw_only=True):
    """A node's public side, `node.json`, as `handfast node init` writes it."""

    id: str
    name: str
    sign: str
    log: str


class AgencyCard(msgspec.Struct, frozen=True, kw_only=True):
    """An agency's public side, `agency.json`, as `handfast agency init` writes it.

    Attributes:
        certificates: What the root signed that partners need: the dispatch certificate.
        url: Origin of its server as nodes reach it, where they ask what has been revoked.
        ca: PEM text of the authority of that server; empty for the system's.
    """

    id: str
    name: str
    root: str
    dispatch: str
    certificates: list[Envelope]
    url: str = ""
    ca: str = ""


def add_to(commands: Commands) -> None:
    """Add `handfast owner ...`."""
    group = add_group(
        commands,
        "owner",
        summary="Keep an owner's root: certify the node and devices, sign agreements.",
        example="handfast owner init ~/kallio-root --name 'Kallio school'",
    )
    _add_init(group)
    _add_certify(group)
    _add_agreement(group)
    _add_sign(group)


def _add_init(group: Commands) -> None:
    parser = add_command(
        group,
        "init",
        summary="Make an owner's root key and its public card.",
        example="handfast owner init ~/kallio-root --name 'Kallio school'",
        run=init,
    )
    parser.add_argument("folder", type=Path, help="a folder that is kept offline")
    parser.add_argument("--name", required=True, help="what people call the owner")


def _add_certify(group: Commands) -> None:
    parser = add_command(
        group,
        "certify",
        summary="Certify an owner's device (or, with --node, the node itself).",
        example="handfast owner certify request.json --root ~/kallio-root --name 'M. Virtanen' "
        "--role principal --fingerprint FINGERPRINT --out phone.cert.json",
        run=certify_device,
    )
    parser.add_argument("request", type=Path, help="a device's request, or node.json")
    parser.add_argument("--root", type=Path, required=True, help="folder made by `owner init`")
    parser.add_argument("--node", action="store_true", help="the request is a node's node.json")
    parser.add_argument("--name", default="", help="the person's full name")
    parser.add_argument("--role", default="owner", help="the person's role (default: owner)")
    parser.add_argument("--person", default="", help="id of the person when it has a device")
    parser.add_argument("--fingerprint", required=True, help="as the device itself shows it")
    parser.add_argument("--out", type=Path, required=True, help="where the certificate goes")


def _add_agreement(group: Commands) -> None:
    parser = add_command(
        group,
        "agreement",
        summary="Draft an agreement with an agency from a template, to be read and signed.",
        example="handfast owner agreement school --root ~/kallio-root --node node.json "
        "--agency agency.json --out agreement.json",
        run=agreement,
    )
    parser.add_argument("template", choices=sorted(TEMPLATES), help="clauses to begin with")
    parser.add_argument("--root", type=Path, required=True, help="folder made by `owner init`")
    parser.add_argument("--node", type=Path, required=True, help="the node's node.json")
    parser.add_argument("--agency", type=Path, required=True, help="the agency's agency.json")
    parser.add_argument("--serial", type=int, default=1, help="must grow (default: 1)")
    parser.add_argument("--days", type=int, default=365, help="holds for (default: 365)")
    parser.add_argument("--out", type=Path, required=True, help="where the draft goes")


def _add_sign(group: Commands) -> None:
    parser = add_command(
        group,
        "sign",
        summary="Sign an agreement with a root (the owner's or the agency's).",
        example="handfast owner sign agreement.json --key ~/kallio-root/owner-root.key "
        "--out agreement.signed.json",
        run=sign_agreement,
    )
    parser.add_argument("draft", type=Path, help="a draft, or one the other side signed")
    parser.add_argument("--key", type=Path, required=True, help="the root's private key")
    parser.add_argument("--out", type=Path, required=True, help="where the signed one goes")


def init(arguments: argparse.Namespace) -> int:
    """Run `handfast owner init`."""
    ids = SystemIds(SystemClock())
    root = SigningKey.generate(ids.secret(32))
    folder: Path = arguments.folder
    make_directory(folder)
    write_signing_key(folder / ROOT_KEY, root)
    card = OwnerCard(id=str(ids.uuid7()), name=arguments.name, root=b64(root.public))
    write_durably(folder / "owner.json", msgspec.json.encode(card) + b"\n", mode=0o644)
    print(f"Made the root of {arguments.name} in {folder}. Keep this folder offline.")
    print("Its fingerprint, for the owner's card: partners and each new device compare it:")
    print(f"    {root.fingerprint}")
    return 0


def certify_device(arguments: argparse.Namespace) -> int:
    """Run `handfast owner certify`."""
    clock = SystemClock()
    card = read_json(arguments.root / "owner.json", OwnerCard)
    root = read_signing_key(arguments.root / ROOT_KEY)
    subject = _node(arguments, card) if arguments.node else _device(arguments, card)
    if fingerprint(subject.sign) != arguments.fingerprint:
        raise DeniedError(
            f"the request is for {fingerprint(subject.sign)}, not {arguments.fingerprint}; "
            "it is another device's or was changed on its way: do not certify it"
        )
    now_us = clock.now_us()
    write_envelope(arguments.out, certify(subject, root, serial=now_us, now_us=now_us))
    print(f"Certified {subject.name}; bring {arguments.out} to the node.")
    return 0


def agreement(arguments: argparse.Namespace) -> int:
    """Run `handfast owner agreement`."""
    clock = SystemClock()
    owner = read_json(arguments.root / "owner.json", OwnerCard)
    node = read_json(arguments.node, NodeCard)
    agency = read_json(arguments.agency, AgencyCard)
    parties = Parties(
        owner=OwnerId(owner.id),
        owner_name=owner.name,
        owner_root=unb64(owner.root),
        agency=AgencyId(agency.id),
        agency_name=agency.name,
        agency_root=unb64(agency.root),
        dispatch_key=unb64(agency.dispatch),
        node=NodeId(node.id),
        node_key=unb64(node.sign),
        log=node.log,
    )
    document = draft_agreement(
        parties,
        template=arguments.template,
        agreement=str(SystemIds(clock).uuid7()),
        serial=arguments.serial,
        now_us=clock.now_us(),
        days=arguments.days,
    )
    text = json.dumps(msgspec.to_builtins(document), indent=2, ensure_ascii=False)
    write_durably(arguments.out, text.encode() + b"\n", mode=0o644)
    print(f"Drafted {arguments.out}. Read it, change it, then let both roots sign it.")
    print(f"  compare the agency's root: {fingerprint(parties.agency_root)}")
    print(f"  compare the node:          {fingerprint(parties.node_key)}")
    return 0


def sign_agreement(arguments: argparse.Namespace) -> int:
    """Run `handfast owner sign`; the agency's side signs with the same command."""
    key = read_signing_key(arguments.key)
    draft = json.loads(arguments.draft.read_bytes())
    before = read_envelope(arguments.draft) if "signatures" in draft else None
    if before is None:
        document = read_json(arguments.draft, AgreementDocument)
        signed = sign(document, key)
    else:
        unverified_agreement(unb64(before.payload))
        document = msgspec.json.decode(unb64(before.payload), type=AgreementDocument)
        signed = join_signatures(before, sign(document, key))
    write_envelope(arguments.out, signed)
    missing = {unb64(document.owner.root), unb64(document.agency.root)}
    names = {fingerprint(root) for root in missing} - {s.keyid for s in signed.signatures}
    print(f"Signed as {key.fingerprint}; wrote {arguments.out}.")
    print("Both sides have signed." if not names else f"Still to sign: {', '.join(names)}")
    return 0


def _device(arguments: argparse.Namespace, card: OwnerCard) -> Subject:
    enrolment = read_enrolment(read_envelope(arguments.request))
    return Subject(
        kind="owner-device",
        id=arguments.person or str(SystemIds(SystemClock()).uuid7()),
        organisation=card.id,
        name=arguments.name or enrolment.label,
        role=arguments.role,
        sign=unb64(enrolment.sign),
        open=unb64(enrolment.open),
    )


def _node(arguments: argparse.Namespace, card: OwnerCard) -> Subject:
    node = read_json(arguments.request, NodeCard)
    return Subject(
        kind="node",
        id=node.id,
        organisation=card.id,
        name=node.name,
        role="node",
        sign=unb64(node.sign),
    )
