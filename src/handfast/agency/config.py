"""The agency's configuration: one TOML file, checked at start, unknown keys refused."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from handfast.kit.configuration import read_table
from handfast.web.listen import Listen


class ListenTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[listen]`: where browsers reach the agency."""

    host: Annotated[str, msgspec.Meta(description="address; plain HTTP on loopback only")] = (
        "127.0.0.1"
    )
    port: Annotated[int, msgspec.Meta(description="TCP port", ge=0, le=65535)] = 8710
    certificate: Annotated[str, msgspec.Meta(description="PEM chain; empty: plain HTTP")] = ""
    key: Annotated[str, msgspec.Meta(description="PEM private key of the certificate")] = ""


class HubTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[hub]`: where officers' browsers find the city's hub."""

    id: Annotated[str, msgspec.Meta(description="the hub's id; logins name it")]
    url: Annotated[str, msgspec.Meta(description="origin, e.g. https://hub.city.example")]


class TourTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tour]`: what a demonstration's guided tour points at; leave out otherwise."""

    owner_url: Annotated[str, msgspec.Meta(description="the school's own page")] = ""
    signal_command: Annotated[str, msgspec.Meta(description="raises the school's alarm")] = ""
    redacted_url: Annotated[
        str, msgspec.Meta(description="page of an owner whose alarm opens redacted pictures")
    ] = ""


class AgencyTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    id: Annotated[str, msgspec.Meta(description="the agency's UUID")]
    name: Annotated[str, msgspec.Meta(description="what people call it")]
    root: Annotated[str, msgspec.Meta(description="root public key, base64url")]
    hub: HubTable
    listen: ListenTable = ListenTable()
    tour: TourTable = TourTable()
    center: Annotated[tuple[float, float], msgspec.Meta(description="map's lon, lat")] = (
        24.9441,
        60.1708,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyConfig:
    """The file with the folder it lies in, where keys and database are kept.

    Attributes:
        folder: Holds `agency.toml`, `dispatch.key`, `agency.db`; readable by its owner only.
    """

    folder: Path
    table: AgencyTable

    @property
    def listen(self) -> Listen:
        """Where to listen; refuses plain HTTP beyond loopback."""
        table = self.table.listen
        return Listen(
            host=table.host,
            port=table.port,
            certificate=self.folder / table.certificate if table.certificate else None,
            key=self.folder / table.key if table.key else None,
        )


def read_config(path: Path) -> AgencyConfig:
    """Read `agency.toml`.

    Raises:
        InvalidError: It is missing, no TOML, or has unknown or wrong keys.
    """
    return AgencyConfig(folder=path.parent, table=read_table(path, AgencyTable))
