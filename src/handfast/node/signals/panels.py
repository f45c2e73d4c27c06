"""Is this report from a panel we know, fresh and unchanged? The same for HTTP and MQTT."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from handfast.kit.encoding import b64, canonical
from handfast.kit.errors import ConflictError, DeniedError, InvalidError
from handfast.node.ports import Serials
from handfast.protocol.wire import PanelReport

CLOCK_APART_US = 120_000_000
LARGEST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """An alarm panel.

    Attributes:
        secret: Shared with the panel, at least 16 bytes.
        signals: Which signals it may speak of.
    """

    id: str
    secret: bytes = field(repr=False)
    signals: frozenset[str]


def report_mac(report: PanelReport, secret: bytes) -> str:
    """Compute the `mac` of a report (protocol.md, "Panel -> node")."""
    rest = msgspec.to_builtins(report)
    del rest["mac"]
    return b64(hmac.digest(secret, canonical(rest), "sha256"))


def sign_report(report: PanelReport, secret: bytes) -> PanelReport:
    """Return the report with its `mac`."""
    return msgspec.structs.replace(report, mac=report_mac(report, secret))


def read_report(body: bytes) -> PanelReport:
    """Read a report.

    Raises:
        InvalidError: Too large or malformed.
    """
    if len(body) > LARGEST_BYTES:
        raise InvalidError(f"a report of {len(body)} bytes; send at most {LARGEST_BYTES}")
    try:
        return msgspec.json.decode(body, type=PanelReport)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidError(f"no readable report: {error}; see protocol.md") from error


def check_report(
    report: PanelReport, panels: Mapping[str, Panel], *, serials: Serials, now_us: int
) -> None:
    """Accept a report or say why not; its sequence number is used up when this returns.

    1. the panel is known and may speak of this signal; 2. its MAC holds; 3. the clocks are
    at most 120 s apart; 4. the sequence grows, durably. In this order: an unauthenticated
    report learns nothing and changes nothing. Blocks for one fsync.

    Raises:
        DeniedError: 1 or 2.
        InvalidError: 3, or a lease that is not above 0.
        ConflictError: 4: a replay, or two panels with one name.
    """
    panel = panels.get(report.panel)
    # The MAC is computed either way, so that time does not tell which panels exist.
    expected = report_mac(report, panel.secret if panel else b"nobody's secret")
    if panel is None or not hmac.compare_digest(expected, report.mac):
        raise DeniedError("the report is by no panel of this site; check id and secret")
    if report.signal not in panel.signals:
        raise DeniedError(f"panel {panel.id} may not speak of {report.signal!r}")
    if abs(now_us - report.at_us) > CLOCK_APART_US:
        raise InvalidError(f"panel {panel.id}: clock more than 120 s apart; set its clock")
    if report.lease_s < 0 or report.sequence < 1:
        raise InvalidError(f"panel {panel.id}: lease from 0 and sequence from 1")
    if not serials.advance(f"panel:{panel.id}", report.sequence):
        raise ConflictError(
            f"panel {panel.id}: sequence {report.sequence} was used before; send a higher one"
        )
