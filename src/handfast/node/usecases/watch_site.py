"""The owner's view of the site now: cameras, signals, who looks, the way to the hub."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from handfast.model.camera import Site
from handfast.node.open_grants import OpenGrant, OpenGrants
from handfast.node.signals.board import SignalBoard
from handfast.node.steady import SteadyClock
from handfast.node.usecases.close_access import CloseAccess
from handfast.node.usecases.record import Record
from handfast.node.usecases.stream_live import StreamLive
from handfast.protocol.wire import CameraHealth


class CameraNow(msgspec.Struct, frozen=True, kw_only=True):
    """A camera: its streams and how many look at it live."""

    id: str
    name: str
    streams: list[CameraHealth]
    watchers: int


class SignalNow(msgspec.Struct, frozen=True, kw_only=True):
    """A signal as it stands; `reopened_us` is its newest raise by hand, 0 for none."""

    signal: str
    episode: str
    state: str
    test: bool
    first_raised_us: int
    raised_us: int
    cleared_us: int | None
    lease_until_us: int
    raised_by: str
    reopened_us: int


class GrantNow(msgspec.Struct, frozen=True, kw_only=True):
    """An open grant; `ends_us` is its end as things stand, never after `until_us`."""

    grant: str
    name: str
    role: str
    agency_name: str
    camera: str
    camera_name: str
    view: str
    rendition: str
    purpose: str
    incident_title: str
    since_us: int
    ends_us: int
    until_us: int


class SiteNow(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the owner's first page shows.

    Attributes:
        closed_us: When the owner last closed everything; `None` for never. What began
            before it stays shut, a new alarm or request opens anew.
    """

    node: str
    name: str
    kind: str
    now_us: int
    hub: bool
    closed_us: int | None
    cameras: list[CameraNow]
    signals: list[SignalNow]
    grants: list[GrantNow]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSite:
    """Describes the site at an instant; never blocks. Built once by `app`.

    Attributes:
        hub_connected: Tells whether the hub is reached now.
    """

    site: Site
    clock: SteadyClock
    board: SignalBoard
    grants: OpenGrants
    live: StreamLive
    closing: CloseAccess
    record: Record
    hub_connected: Callable[[], bool]

    def describe(self) -> SiteNow:
        """Return everything the owner's first page shows."""
        now_us = self.clock.now_us()
        return SiteNow(
            node=self.site.node,
            name=self.site.name,
            kind=self.site.kind,
            now_us=now_us,
            hub=self.hub_connected(),
            closed_us=self.closing.closed_us(),
            cameras=self._cameras(),
            signals=self._signals(now_us),
            grants=[_grant(each) for each in self.grants.all() if now_us < each.ends_us],
        )

    def _cameras(self) -> list[CameraNow]:
        health = self.record.health()
        watching = [each.grant.camera for each in self.live.attachments()]
        return [
            CameraNow(
                id=camera.id,
                name=camera.name,
                streams=[each for each in health if each.camera == camera.id],
                watchers=watching.count(camera.id),
            )
            for camera in self.site.cameras
        ]

    def _signals(self, now_us: int) -> list[SignalNow]:
        current = self.board.at(now_us)
        return [
            SignalNow(
                signal=signal.kind,
                episode=signal.episode,
                state=signal.state.value,
                test=signal.test,
                first_raised_us=signal.first_raised_us,
                raised_us=signal.raised_us,
                cleared_us=signal.cleared_us,
                lease_until_us=signal.lease_until_us,
                raised_by=row.raised_by,
                reopened_us=row.reopened_us,
            )
            for row in self.board.rows()
            for signal in [current[row.signal.kind]]
        ]


def _grant(open_grant: OpenGrant) -> GrantNow:
    grant, why = open_grant.grant, open_grant.access.why
    return GrantNow(
        grant=grant.id,
        name=grant.viewer.name,
        role=grant.viewer.role,
        agency_name=why.agency_name,
        camera=grant.camera,
        camera_name=why.camera_name,
        view=grant.view.value,
        rendition=grant.rendition.value,
        purpose=why.purpose,
        incident_title=why.incident_title,
        since_us=grant.since_us,
        ends_us=open_grant.ends_us,
        until_us=grant.until_us,
    )
