"""What the routes share: use cases, sessions, and how much strangers may ask."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from litestar import Request, WebSocket
from litestar.datastructures import State

from handfast.audit.ports import LogReader
from handfast.kit.errors import UnavailableError
from handfast.model.camera import Site
from handfast.node.assembly import Heart
from handfast.node.bell import OwnerBell
from handfast.node.metrics import NodeMetrics
from handfast.node.usecases.pair_device import PairDevice
from handfast.node.usecases.watch_site import WatchSite
from handfast.protocol.chain import VerifiedChain
from handfast.seal.identity import Envelope
from handfast.web.allowance import Allowance
from handfast.web.sessions import Challenges, Sessions

Asking: TypeAlias = Request[None, None, State]
Socket: TypeAlias = WebSocket[None, None, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Everything routes call; built once by `app`.

    Attributes:
        log: The owner's log; `None` when it is not public.
        certificate: Returns an installed certificate of a device of the owner's.
        agreements: Returns the agreements that stand now.
    """

    site: Site
    heart: Heart
    watch: WatchSite
    bell: OwnerBell
    log: LogReader | None
    pairing: PairDevice
    certificate: Callable[[str], Envelope | None]
    agreements: Callable[[], list[Envelope]]
    metrics: NodeMetrics
    challenges: Challenges
    sessions: Sessions[VerifiedChain]
    strangers: Allowance
    panels: Allowance

    def admit(self, request: Asking) -> None:
        """Count a stranger's try.

        Raises:
            UnavailableError: Too many from that address.
        """
        if not self.strangers.take(_source(request)):
            raise UnavailableError("too many tries from this address; wait a minute")

    def admit_panel(self, request: Asking) -> None:
        """Count a report; raises as `admit`."""
        if not self.panels.take(_source(request)):
            raise UnavailableError("too many reports from this address; wait a minute")


def _source(request: Asking) -> str:
    return "unknown" if request.client is None else request.client.host
