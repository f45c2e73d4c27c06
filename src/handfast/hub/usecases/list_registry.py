"""Sites as pages see them."""

from handfast.hub.presence import Presence
from handfast.hub.views import SiteView, envelope
from handfast.storage.hub_rows import SignalRow, SiteRow
from handfast.storage.sqlite_hub import HubTransaction


def list_registry(tables: HubTransaction, presence: Presence) -> list[SiteView]:
    """Return all sites with the newest state of their signals."""
    signals: dict[str, list[SignalRow]] = {}
    for row in tables.sites.signals():
        signals.setdefault(row.node, []).append(row)
    return [view_site(row, signals.get(row.node, []), presence) for row in tables.sites.sites()]


def find_site(tables: HubTransaction, node: str, presence: Presence) -> SiteView | None:
    """Return one site, if it has registered."""
    row = tables.sites.site(node)
    return None if row is None else view_site(row, tables.sites.signals(node), presence)


def view_site(row: SiteRow, signals: list[SignalRow], presence: Presence) -> SiteView:
    """Return a site as pages see it. Reads `presence` from the store's thread: one lookup."""
    return SiteView(
        node=row.node,
        registration=envelope(row.envelope),
        online=presence.is_online(row.node),
        seen_us=presence.seen_us(row.node),
        signals=[envelope(each.envelope) for each in signals],
    )
