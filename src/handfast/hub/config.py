"""The hub's configuration: one TOML file, an unknown key refuses to start."""

from pathlib import Path
from typing import Annotated, Final, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from handfast.kit.configuration import read_table
from handfast.kit.errors import InvalidError

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_Port = Annotated[int, Meta(ge=0, le=65535)]
_Section = TypeVar("_Section", bound=msgspec.Struct)


class HttpSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where browsers, agencies and nodes' logins arrive."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[_Port, Meta(description="TCP port; 0 lets the system choose")] = 8600
    certificate: Annotated[
        str, Meta(description="PEM file of the chain; needed beyond loopback")
    ] = ""
    key: Annotated[str, Meta(description="PEM file of its private key")] = ""
    agency_origins: Annotated[
        tuple[str, ...], Meta(description="origins whose pages may call, e.g. https://police")
    ] = ()
    body_limit: Annotated[int, Meta(ge=1024, description="largest request body, bytes")] = (
        256 * 1024
    )


class BusSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where nodes' connections arrive (a NATS server that the hub starts)."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[_Port, Meta(description="TCP port; 0 lets the system choose")] = 8622
    name: Annotated[str, Meta(description="host name nodes dial, when not the host")] = ""
    certificate: Annotated[
        str, Meta(description="PEM file of the chain; needed beyond loopback")
    ] = ""
    key: Annotated[str, Meta(description="PEM file of its private key")] = ""
    authority: Annotated[
        str, Meta(description="PEM file that the hub itself trusts for the bus")
    ] = ""
    session_hours: Annotated[
        int, Meta(ge=1, le=168, description="a node's connection is closed after this long")
    ] = 12


class IncidentSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an alarm makes of itself."""

    radius_m: Annotated[float, Meta(gt=0, description="of an incident opened by an alarm")] = (
        300.0
    )
    close_after_s: Annotated[
        int, Meta(ge=0, description="closed this long after its alarms ended")
    ] = 1800


class LimitSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one client may cost."""

    viewer_queue: Annotated[
        int, Meta(ge=65536, description="bytes of pictures one slow viewer may lag behind")
    ] = 4 * 1024 * 1024
    logins_per_minute: Annotated[
        int, Meta(ge=1, description="per address, with as many at once")
    ] = 120
    malformed_per_minute: Annotated[
        int, Meta(ge=1, description="requests an address may get wrong before it must wait")
    ] = 60
    sessions: Annotated[int, Meta(ge=1, description="most sessions at once")] = 10_000


class HubConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    id: Annotated[str, Meta(description="id of this hub; part of what devices sign to log in")]
    directory: Annotated[str, Meta(description="database, bus and logs; beside this file")] = (
        "."
    )
    http: HttpSection = HttpSection()
    bus: BusSection = BusSection()
    incidents: IncidentSection = IncidentSection()
    limits: LimitSection = LimitSection()


def load(path: Path) -> HubConfig:
    """Read and check a configuration; `directory` and files are relative to it.

    Raises:
        InvalidError: It is missing, no TOML, or holds a key or value that is not known.
    """
    config = read_table(path, HubConfig)
    check(config, path)
    return _from_here(config, path.parent)


def check(config: HubConfig, path: Path) -> None:
    """Refuse what can never run safely.

    Raises:
        InvalidError: Plain text beyond loopback, half a certificate, or no hub id.
    """
    try:
        canonical = str(UUID(config.id)) == config.id
    except ValueError:
        canonical = False
    if not canonical:
        raise InvalidError(f"{path}: id must be a UUID; `handfast hub init DIR` makes one")
    for name, section in (("http", config.http), ("bus", config.bus)):
        if bool(section.certificate) != bool(section.key):
            raise InvalidError(f"{path}: [{name}] needs certificate and key, or neither")
        if section.host not in LOOPBACK and not section.certificate:
            raise InvalidError(
                f"{path}: [{name}] on {section.host} needs a certificate and a key; "
                "without them listen on 127.0.0.1"
            )
    if "*" in config.http.agency_origins:
        raise InvalidError(f"{path}: [http] agency_origins names each origin; * is refused")


def _from_here(config: HubConfig, here: Path) -> HubConfig:
    return msgspec.structs.replace(
        config,
        directory=str(_absolute(config.directory, here)),
        http=_files_from_here(config.http, here, ("certificate", "key")),
        bus=_files_from_here(config.bus, here, ("certificate", "key", "authority")),
    )


def _files_from_here(section: _Section, here: Path, names: tuple[str, ...]) -> _Section:
    named = {name: getattr(section, name) for name in names}
    found = {name: str(_absolute(text, here)) for name, text in named.items() if text}
    return msgspec.structs.replace(section, **found)


def _absolute(text: str, here: Path) -> Path:
    return (here / Path(text).expanduser()).resolve()
