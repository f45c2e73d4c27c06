"""A panel reports: checked, then acted on; the same for HTTP and MQTT."""

from collections.abc import Mapping
from functools import partial

from anyio import to_thread

from handfast.kit.errors import HandfastError
from handfast.model.signal import Signal
from handfast.node.metrics import NodeMetrics
from handfast.node.ports import Serials
from handfast.node.signals.board import SignalBoard
from handfast.node.signals.panels import Panel, check_report, read_report
from handfast.node.steady import SteadyClock


class ReportSignal:
    """Takes reports of panels. Belongs to one event loop."""

    def __init__(
        self,
        *,
        panels: Mapping[str, Panel],
        serials: Serials,
        board: SignalBoard,
        clock: SteadyClock,
        metrics: NodeMetrics,
    ) -> None:
        """Take the panels of the site and the board."""
        self._panels = panels
        self._serials = serials
        self._board = board
        self._clock = clock
        self._metrics = metrics

    async def report(self, body: bytes) -> Signal:
        """Act on one report; durable and judged when it returns.

        Raises:
            HandfastError: What `read_report`, `check_report` and `SignalBoard.report` raise.
        """
        try:
            report = read_report(body)
            check = partial(check_report, report, self._panels, serials=self._serials)
            await to_thread.run_sync(partial(check, now_us=self._clock.now_us()))
            signal = await self._board.report(report)
        except HandfastError as error:
            self._metrics.reports.labels(error.kind.value).inc()
            raise
        self._metrics.reports.labels("accepted").inc()
        return signal
