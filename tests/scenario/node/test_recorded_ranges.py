"""Recorded pictures: exactly the agreed range opens, in keys and in bytes."""

from collections.abc import Callable

import msgspec
import pytest

from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import DeniedError, HandfastError, NotFoundError
from handfast.model.media import View
from handfast.node.hub_answers import HubAnswers
from handfast.protocol.statements import AccessRequestStatement
from handfast.protocol.wire import BytesAsk, RecordingsAsk
from handfast.seal.format import decode_header, decode_run
from handfast.seal.keytree import TreeNode, commitment, leaf_of_cover, run_key, stream_label
from tests.scenario.node.people import SECOND
from tests.scenario.node.school import School, Watching


def recorded(
    from_us: int, until_us: int
) -> Callable[[AccessRequestStatement], AccessRequestStatement]:
    """Ask for a range."""
    return lambda asked: msgspec.structs.replace(
        asked, view=View.RECORDED, from_us=from_us, until_us=until_us
    )


class Player:
    """Opens what a release holds; knows nothing else."""

    def __init__(self, watching: Watching) -> None:
        """Open the release with the device's key."""
        released = watching.opened()
        assert isinstance(released, dict)
        self._covers = {
            cover["period"]: [
                TreeNode(depth=depth, index=index, key=unb64(key))
                for depth, index, key in cover["nodes"]
            ]
            for cover in released["covers"]
        }
        self._runs = {(segment, run): unb64(key) for segment, run, key in released["runs"]}

    def nodes(self) -> int:
        """Return the most nodes of any period."""
        return max(map(len, self._covers.values()), default=0)

    def key(self, header: bytes, segment: bytes, run: int, leaf: int) -> bytes | None:
        """Return the key of a run, or `None`."""
        found = decode_header(header)
        if (b64(segment), run) in self._runs:
            return self._runs[b64(segment), run]
        leaf_key = leaf_of_cover(self._covers.get(b64(found.period), []), leaf)
        if leaf_key is None:
            return None
        label = stream_label(found.camera, found.stream.code, found.rendition.code)
        return run_key(leaf_key, label, segment, run)


async def opened_runs(school: School, watching: Watching) -> list[tuple[int, int]]:
    """Return `[start, end)` of every run on disk that the release opens."""
    player = Player(watching)
    assert player.nodes() <= 32
    found = []
    for segment in school.camera.segments.values():
        for run in segment.runs:
            key = player.key(segment.header, segment.id, run.run, run.leaf)
            record = decode_run(school.camera.files[segment.id], run.offset)
            if key is not None and commitment(key) == record.commitment:
                found.append((run.start_us, run.end_us))
    return found


async def filmed(seconds: int) -> School:
    """Return a school whose gate has been filmed in segments of ten seconds."""
    school = School()
    for number in range(seconds):
        await school.films(1, ticks=False)
        if number % 10 == 9:
            for event in school.camera.close_segment(school.now_us):
                await school.heart.hear(event)
    await school.alarm()
    return school


@pytest.mark.parametrize(
    ("from_s", "until_s"), [(3.0, 17.0), (3.3, 17.7), (5.1, 5.9), (0.0, 29.9), (9.99, 10.01)]
)
async def test_p3_closes_by_itself_a_range_opens_its_runs_and_no_others(
    from_s: float, until_s: float
) -> None:
    """Whole seconds by the tree, edges run by run; nothing before or after."""
    school = await filmed(30)
    start_us = school.now_us - 30 * SECOND
    from_us, until_us = start_us + int(from_s * SECOND), start_us + int(until_s * SECOND)
    decision = await school.asks(school.people.officer(), recorded(from_us, until_us))
    watching = Watching(school=school, officer=school.people.officer(), decision=decision)
    found = await opened_runs(school, watching)
    expected = [
        (run.start_us, run.end_us)
        for segment in school.camera.segments.values()
        for run in segment.runs
        if run.end_us > from_us and run.start_us < until_us
    ]
    assert sorted(found) == sorted(expected)
    assert found
    assert school.keys.ranges == [(watching.grant.id, from_us, until_us)]


async def test_the_run_in_progress_opens_when_it_has_ended() -> None:
    """A range that reaches to now misses nothing of it; what begins later stays shut."""
    school = await filmed(8)
    await school.films(0.4, ticks=False)
    asked_us = school.now_us
    ask = recorded(asked_us - 3 * SECOND, asked_us)
    decision = await school.asks(school.people.officer(), ask)
    watching = Watching(school=school, officer=school.people.officer(), decision=decision)
    await school.films(3, ticks=False)
    found = await opened_runs(school, watching)
    assert max(until_us for _, until_us in found) >= asked_us
    assert max(since_us for since_us, _ in found) < asked_us


async def test_bytes_and_lists_end_where_the_grant_ends() -> None:
    """Segments outside are not here; bytes outside are refused; a grant has an end."""
    school = await filmed(40)
    start_us = school.now_us - 40 * SECOND
    ask = recorded(start_us + 12 * SECOND, start_us + 18 * SECOND)
    decision = await school.asks(school.people.officer(), ask)
    assert decision.grant is not None
    hub = HubAnswers(school.heart)
    listed = await hub.recordings(
        RecordingsAsk(grant=decision.grant.id, from_us=start_us, until_us=school.now_us)
    )
    (segment,) = listed.open
    inside = [
        run
        for run in segment.runs
        if run.end_us > start_us + 12 * SECOND and run.start_us < start_us + 18 * SECOND
    ]

    async def read(offset: int, length: int, id_: str = segment.segment) -> bytes:
        grant = decision.grant.id if decision.grant else ""
        return await hub.read_bytes(
            BytesAsk(grant=grant, segment=id_, offset=offset, length=length)
        )

    whole = school.camera.files[unb64(segment.segment)]
    assert await read(0, 104) == whole[:104]
    first, last = inside[0], inside[-1]
    end = last.offset + last.length
    assert await read(first.offset, 1 << 20) == whole[first.offset : end]
    for offset in (first.offset - 1, end):
        with pytest.raises(DeniedError):
            await read(offset, 10)
    other = b64(next(iter(school.camera.segments)))
    with pytest.raises(NotFoundError):
        await read(0, 104, other)
    with pytest.raises(HandfastError):
        await read(0, 104, "not b64!")
    await school.alarm("clear")
    await school.passes(301, tick_s=10)
    with pytest.raises(DeniedError):
        await read(0, 104)


async def test_a_live_grant_reads_no_recordings() -> None:
    """Live is live."""
    school = await filmed(5)
    decision = await school.asks(school.people.officer())
    assert decision.grant is not None
    with pytest.raises(HandfastError):
        await HubAnswers(school.heart).recordings(
            RecordingsAsk(
                grant=decision.grant.id, from_us=school.now_us - SECOND, until_us=school.now_us
            )
        )


async def test_what_is_not_kept_any_more_is_denied_by_name() -> None:
    """Agreed and in range, but nothing was recorded then."""
    school = await filmed(5)
    ask = recorded(school.now_us - 400 * SECOND, school.now_us - 300 * SECOND)
    decision = await school.asks(school.people.officer(), ask)
    assert (decision.outcome, decision.reason) == ("deny", "nothing-recorded")


async def test_nobody_can_attach_live_to_a_recorded_grant() -> None:
    """A recorded grant has no live key."""
    school = await filmed(5)
    ask = recorded(school.now_us - 3 * SECOND, school.now_us)
    decision = await school.asks(school.people.officer(), ask)
    assert decision.grant is not None
    attached = await school.heart.live.attach(decision.grant.id)
    assert (attached.ok, attached.reason) == (False, "view-not-agreed")
