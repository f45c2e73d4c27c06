"""`handfast agency`: run the agency's server, and what its offline root does."""

import argparse
import asyncio
import ssl
import sys
from pathlib import Path

import msgspec

from handfast.agency.app import DISPATCH_KEY, build_app, open_agency
from handfast.agency.config import AgencyTable, read_config
from handfast.agency.usecases.certify_device import install_certificate
from handfast.agency.usecases.install_agreement import (
    fingerprint_of_owner,
    install_agreement,
    require_owner,
)
from handfast.cli.command import Commands, add_command, add_group
from handfast.cli.files import read_envelope, read_signing_key, write_signing_key
from handfast.cli.owner import AgencyCard
from handfast.cli.stderr_log import log_to_stderr
from handfast.kit.clock import SystemClock
from handfast.kit.configuration import explain
from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import DeniedError, InvalidError
from handfast.kit.ids import SystemIds
from handfast.protocol.ceremony import Subject, certify
from handfast.protocol.chain import read_enrolment
from handfast.seal.identity import Envelope, SigningKey, fingerprint
from handfast.storage.files import make_directory, write_durably
from handfast.web.origins import require_private
from handfast.web.serving import server

ROOT_KEY = "agency-root.key"
CONFIG = "agency.toml"


def add_to(commands: Commands) -> None:
    """Add `handfast agency ...`."""
    group = add_group(
        commands,
        "agency",
        summary="Run an agency's server; certify its administrators; install agreements.",
        example="handfast agency run --config /etc/handfast/agency.toml",
    )
    _add_init(group)
    _add_run(group)
    _add_certify(group)
    _add_install(group)


def _add_init(group: Commands) -> None:
    parser = add_command(
        group,
        "init",
        summary="Make an agency: root (to be kept offline), dispatch key, configuration.",
        example="handfast agency init /etc/handfast/police --root ~/police-root "
        "--name 'Helsinki police' --hub-id ID --hub-url http://127.0.0.1:8700",
        run=init,
    )
    parser.add_argument("folder", type=Path, help="where the server keeps its files")
    parser.add_argument("--root", type=Path, required=True, help="folder that is kept offline")
    parser.add_argument("--name", required=True, help="what people call the agency")
    parser.add_argument("--hub-id", required=True, help="id of the city's hub")
    parser.add_argument("--hub-url", required=True, help="origin of the city's hub")
    parser.add_argument("--port", type=int, default=8710, help="port (default: 8710)")
    parser.add_argument(
        "--url",
        default="",
        help="origin of the agency's server as nodes reach it; they ask it what has been "
        "revoked (default: http://127.0.0.1:<port>)",
    )
    parser.add_argument(
        "--ca", type=Path, help="PEM file of that server's authority (default: the system's)"
    )


def _add_run(group: Commands) -> None:
    parser = add_command(
        group,
        "run",
        summary="Serve the officers' and administrators' pages until stopped.",
        example="handfast agency run --config /etc/handfast/police/agency.toml",
        run=run,
    )
    parser.add_argument("--config", type=Path, required=True, help="the agency.toml")
    add_command(
        group,
        "config",
        summary="Print every key of agency.toml with its meaning and default.",
        example="handfast agency config",
        run=explain_config,
    )


def _add_certify(group: Commands) -> None:
    parser = add_command(
        group,
        "certify",
        summary="Certify an administrator's device with the offline root.",
        example="handfast agency certify request.json --config agency.toml "
        "--root ~/police-root --name 'K. Korhonen' --fingerprint FINGERPRINT",
        run=certify_administrator,
    )
    parser.add_argument("request", type=Path, help="the device's request, as a file")
    parser.add_argument("--config", type=Path, required=True, help="the agency.toml")
    parser.add_argument("--root", type=Path, required=True, help="folder of the root key")
    parser.add_argument("--name", required=True, help="the administrator's full name")
    parser.add_argument("--fingerprint", required=True, help="as the device itself shows it")


def _add_install(group: Commands) -> None:
    parser = add_command(
        group,
        "install",
        summary="Install an agreement that both roots have signed.",
        example="handfast agency install agreement.signed.json --config agency.toml "
        "--owner-fingerprint FINGERPRINT",
        run=install,
    )
    parser.add_argument("agreement", type=Path, help="the countersigned agreement")
    parser.add_argument("--config", type=Path, required=True, help="the agency.toml")
    parser.add_argument(
        "--owner-fingerprint", default="", help="the owner's root, compared outside the hub"
    )


def init(arguments: argparse.Namespace) -> int:
    """Run `handfast agency init`."""
    clock = SystemClock()
    ids = SystemIds(clock)
    folder: Path = arguments.folder
    root = SigningKey.generate(ids.secret(32))
    dispatch = SigningKey.generate(ids.secret(32))
    url = require_private(arguments.url or f"http://127.0.0.1:{arguments.port}")
    ca = "" if arguments.ca is None else _authority(arguments.ca)
    for path in (folder, arguments.root):
        make_directory(path)
    write_signing_key(arguments.root / ROOT_KEY, root)
    write_durably(folder / DISPATCH_KEY, dispatch.to_pem())
    card = _card(arguments.name, root, dispatch, ids=ids, now_us=clock.now_us())
    card = msgspec.structs.replace(card, url=url, ca=ca)
    write_durably(folder / "agency.json", msgspec.json.encode(card) + b"\n", mode=0o644)
    write_durably(folder / CONFIG, _toml(arguments, card).encode(), mode=0o644)
    agency = open_agency(read_config(folder / CONFIG), clock=clock, ids=ids)
    install_certificate(agency, card.certificates[0])
    print(f"Made {arguments.name} in {folder}; keep {arguments.root} offline.")
    print(f"The root's fingerprint, to be compared by partners: {root.fingerprint}")
    return 0


def _authority(path: Path) -> str:
    try:
        text = path.read_text("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (OSError, ValueError) as error:
        message = f"{path}: {error}; name the PEM file of the server's authority"
        raise InvalidError(message) from error
    return text


def _card(
    name: str, root: SigningKey, dispatch: SigningKey, *, ids: SystemIds, now_us: int
) -> AgencyCard:
    """The agency's public side, with the dispatch key vouched for by the root."""
    agency = str(ids.uuid7())
    subject = Subject(
        kind="dispatch",
        id=str(ids.uuid7()),
        organisation=agency,
        name=name,
        role="dispatch",
        sign=dispatch.public,
    )
    return AgencyCard(
        id=agency,
        name=name,
        root=b64(root.public),
        dispatch=b64(dispatch.public),
        certificates=[certify(subject, root, serial=1, now_us=now_us)],
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `handfast agency run`."""
    log_to_stderr()
    config = read_config(arguments.config)
    clock = SystemClock()
    agency = open_agency(config, clock=clock, ids=SystemIds(clock))
    listen = config.listen
    print(f"{agency.name}: pages on port {listen.port}", flush=True)
    asyncio.run(server(build_app(config, agency), listen).serve())
    return 0


def explain_config(arguments: argparse.Namespace) -> int:
    """Run `handfast agency config`."""
    del arguments
    sys.stdout.write(explain(AgencyTable))
    return 0


def certify_administrator(arguments: argparse.Namespace) -> int:
    """Run `handfast agency certify`."""
    config = read_config(arguments.config)
    clock = SystemClock()
    ids = SystemIds(clock)
    enrolment = read_enrolment(read_envelope(arguments.request))
    shown = fingerprint(unb64(enrolment.sign))
    if shown != arguments.fingerprint:
        raise DeniedError(
            f"the request is for {shown}, not {arguments.fingerprint}; do not certify it"
        )
    subject = Subject(
        kind="administrator",
        id=str(ids.uuid7()),
        organisation=config.table.id,
        name=arguments.name,
        role="administrator",
        sign=unb64(enrolment.sign),
        open=unb64(enrolment.open),
    )
    now_us = clock.now_us()
    root = read_signing_key(arguments.root / ROOT_KEY)
    certificate = certify(subject, root, serial=now_us, now_us=now_us)
    install_root_certificate(arguments.config, certificate)
    print(f"Certified {arguments.name} as administrator; their browser is ready now.")
    return 0


def install(arguments: argparse.Namespace) -> int:
    """Run `handfast agency install`."""
    config = read_config(arguments.config)
    clock = SystemClock()
    envelope = read_envelope(arguments.agreement)
    if not arguments.owner_fingerprint:
        print(f"The agreement names the owner's root {fingerprint_of_owner(envelope)}.")
        print("Compare it with the owner, then add --owner-fingerprint.")
        return 1
    root = require_owner(envelope, arguments.owner_fingerprint)
    agency = open_agency(config, clock=clock, ids=SystemIds(clock))
    agreement = install_agreement(agency, envelope, owner_root=root)
    print(f"Installed {agreement.title}, serial {agreement.serial}.")
    return 0


def install_root_certificate(config: Path, certificate: Envelope) -> None:
    """Bring what the offline root signed to the agency's database.

    Raises:
        DeniedError: It does not hold up to the agency's root.
    """
    clock = SystemClock()
    agency = open_agency(read_config(config), clock=clock, ids=SystemIds(clock))
    install_certificate(agency, certificate)


def _toml(arguments: argparse.Namespace, card: AgencyCard) -> str:
    return f"""id = "{card.id}"
name = {msgspec.json.encode(card.name).decode()}
root = "{card.root}"

[hub]
id = "{arguments.hub_id}"
url = "{arguments.hub_url}"

[listen]
host = "127.0.0.1"
port = {arguments.port}
"""
