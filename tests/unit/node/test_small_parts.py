"""Challenges, allowances, reports, the steady clock, pairing: each alone."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handfast.kit.encoding import b64
from handfast.kit.errors import DeniedError, HandfastError, InvalidError, NotFoundError
from handfast.node.bell import OwnerBell
from handfast.node.challenges import LIFETIME_US, Challenges
from handfast.node.flood import Allowance
from handfast.node.metrics import NodeMetrics
from handfast.node.signals.panels import Panel, check_report, read_report, sign_report
from handfast.node.steady import TOLERATED_US, SteadyClock
from handfast.node.supervise import every
from handfast.node.usecases.pair_device import PairDevice
from handfast.protocol.signing import sign
from handfast.protocol.statements import Enrolment
from handfast.protocol.wire import PanelReport
from tests.fakes.node_stores import MemorySerials
from tests.fakes.steady import CountingIds, HandClock
from tests.scenario.node.people import key

SECRET = b"sixteen bytes at least"
PANELS = {"hall": Panel(id="hall", secret=SECRET, signals=frozenset({"intrusion"}))}


def test_a_challenge_is_good_once() -> None:
    """Used, unknown or too old: no."""
    clock = HandClock()
    challenges = Challenges(clock=SteadyClock(clock), ids=CountingIds())
    given_out = challenges.issue().challenge
    assert challenges.consume(given_out)
    assert not challenges.consume(given_out)
    assert not challenges.consume("never given")
    old = challenges.issue()
    clock.move(LIFETIME_US / 1_000_000)
    assert not challenges.consume(old.challenge)


def test_a_flood_of_challenges_does_not_fill_memory() -> None:
    """The oldest make room for the newest."""
    challenges = Challenges(clock=SteadyClock(HandClock()), ids=CountingIds())
    first = challenges.issue().challenge
    last = [challenges.issue().challenge for _ in range(5000)][-1]
    assert not challenges.consume(first)
    assert challenges.consume(last)


def test_an_allowance_gives_a_burst_and_then_a_rate() -> None:
    """Three at once, then one a second."""
    clock = HandClock()
    allowance = Allowance(clock=clock, burst=3, per_s=1.0)
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    clock.move(1)
    assert [allowance.take() for _ in range(2)] == [True, False]


def report(**changes: object) -> PanelReport:
    """Return a signed report with changes made before signing."""
    clock = HandClock()
    fields: dict[str, object] = {
        "panel": "hall",
        "sequence": 1,
        "signal": "intrusion",
        "state": "raise",
        "test": False,
        "lease_s": 60,
        "at_us": clock.now_us(),
        "mac": "",
    }
    return sign_report(msgspec.convert({**fields, **changes}, PanelReport), SECRET)


@given(data=st.binary(max_size=200))
def test_whatever_a_panel_sends_is_read_or_refused(data: bytes) -> None:
    """Bytes of any kind end in a report or in one named error."""
    try:
        read_report(data)
    except InvalidError:
        return


@given(
    field=st.sampled_from(["panel", "signal", "state", "test", "lease_s", "sequence", "at_us"]),
    number=st.integers(2, 10**15),
)
def test_a_report_changed_on_its_way_is_refused(field: str, number: int) -> None:
    """The MAC covers every field."""
    true = report()
    before = getattr(true, field)
    change: object = number
    if isinstance(before, bool):
        change = not before
    elif isinstance(before, str):
        change = "renew" if field == "state" else before + str(number)
    assume(change != before)
    changed = msgspec.structs.replace(true, **{field: change})
    with pytest.raises(DeniedError):
        check_report(changed, PANELS, serials=MemorySerials(), now_us=true.at_us)


def test_refused_reports_use_up_no_sequence_number() -> None:
    """Otherwise a stranger could silence a panel with one large number."""
    serials, now_us = MemorySerials(), HandClock().now_us()
    for bad in (
        msgspec.structs.replace(report(sequence=99), mac="x"),
        report(sequence=99, at_us=now_us - 121_000_000),
        report(sequence=99, lease_s=-1),
    ):
        with pytest.raises(HandfastError):
            check_report(bad, PANELS, serials=serials, now_us=now_us)
    check_report(report(sequence=1), PANELS, serials=serials, now_us=now_us)


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 100), st.integers(-(10**9), 10**9)), min_size=1, max_size=20
    )
)
def test_every_step_back_is_told_and_nothing_else(steps: list[tuple[float, int]]) -> None:
    """What was told plus what passed explains the wall clock, to half a second."""
    clock = HandClock()
    steady = SteadyClock(clock)
    told: list[int] = []
    steady.on_step_back(told.append)
    start_us, start_mono = steady.now_us(), clock.monotonic()
    for seconds, step_us in steps:
        clock.move(seconds)
        clock.step_us = step_us
        assert steady.now_us() == clock.now_us()
    assert all(back > TOLERATED_US for back in told)
    passed_us = int((clock.monotonic() - start_mono) * 1_000_000)
    # Deadlines were moved by `told`: none is reached later than true time would have it.
    assert steady.now_us() + sum(told) - start_us >= passed_us - TOLERATED_US


def test_a_pairing_code_lets_one_device_ask(tmp_path: Path) -> None:
    """Once, in time, with a request that the device itself has signed."""
    clock = HandClock()
    pairing = PairDevice(tmp_path / "pairing", clock=clock, ids=CountingIds())
    device = key("new phone")
    enrolment = Enrolment(
        suite=1,
        label="phone",
        sign=b64(device.public),
        open=b64(bytes(32)),
        at_us=clock.now_us(),
    )
    asked = sign(enrolment, device)
    with pytest.raises(DeniedError):
        pairing.request("WRONGCODE", asked)
    code = pairing.new_code()
    assert pairing.request(f" {code.lower()} ", asked) == device.fingerprint
    assert pairing.waiting(device.fingerprint) == asked
    with pytest.raises(DeniedError):
        pairing.request(code, asked)
    late = pairing.new_code()
    clock.move(15 * 60)
    with pytest.raises(DeniedError):
        pairing.request(late, asked)
    with pytest.raises(HandfastError):
        pairing.request(pairing.new_code(), sign(enrolment, key("another phone")))
    for stranger in ("../../node.key", key("x").fingerprint):
        with pytest.raises(NotFoundError):
            pairing.waiting(stranger)


async def test_a_page_is_told_once_of_many_changes() -> None:
    """Ten changes of a kind are one thing to read again."""
    bell = OwnerBell()
    listener = bell.join()
    first = [await listener.next() for _ in range(3)]
    assert sorted(first) == ["accesses", "inbox", "site"]
    for _ in range(10):
        bell.ring("site")
    bell.ring("inbox")
    assert [await listener.next(), await listener.next()] == ["site", "inbox"]
    bell.leave(listener)
    bell.ring("site")


async def test_a_loop_that_fails_is_counted_and_goes_on() -> None:
    """Three failures, three counts, a fourth turn."""
    metrics, turns = NodeMetrics(), [0]

    async def turn() -> None:
        turns[0] += 1
        if turns[0] > 3:
            raise KeyboardInterrupt
        raise ValueError("a defect")

    with pytest.raises(KeyboardInterrupt):
        await every(0, turn, name="test", metrics=metrics)
    counted = metrics.registry.get_sample_value(
        "handfast_node_loop_failures_total", {"loop": "test"}
    )
    assert counted == 3
