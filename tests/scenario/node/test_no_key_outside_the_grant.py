"""P3 as arithmetic: whatever the story, no run key lies outside its grant (Hypothesis)."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handfast.model.agreement import WhileSignal
from handfast.seal.format import FrameType
from tests.scenario.node.people import ON_ALARM, SECOND
from tests.scenario.node.school import School, Watching

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("films"), st.floats(0.04, 3.0)),
        st.tuples(st.just("films without ticks"), st.floats(0.04, 3.0)),
        st.tuples(st.just("passes"), st.floats(0.1, 5.0)),
        st.tuples(st.just("raise"), st.floats(1.0, 20.0)),
        st.tuples(st.just("clear"), st.just(0.0)),
        st.tuples(st.just("attach"), st.just(0.0)),
        st.tuples(st.just("alive"), st.just(0.0)),
        st.tuples(st.just("close"), st.just(0.0)),
        st.tuples(st.just("new segment"), st.just(0.0)),
    ),
    max_size=12,
)


Step = tuple[str, float]


class Truth:
    """What the story itself knows of when pictures may be opened."""

    def __init__(self, linger_us: int) -> None:
        """Begin with the alarm down."""
        self._linger_us = linger_us
        self._spans: list[tuple[int, int]] = []
        self._closed_us: int | None = None

    def raised(self, now_us: int, lease_us: int) -> None:
        """The alarm rises, or is renewed."""
        self._spans.append((now_us, now_us + lease_us + self._linger_us))

    def cleared(self, now_us: int) -> None:
        """The alarm clears."""
        end = now_us + self._linger_us
        self._spans = [(since, min(until, end)) for since, until in self._spans]

    def closed(self, now_us: int) -> None:
        """The owner closes everything."""
        if self._closed_us is None:
            self._closed_us = now_us

    def allows(self, at_us: int) -> bool:
        """Tell whether a run may begin at an instant."""
        before_closing = self._closed_us is None or at_us < self._closed_us
        return before_closing and any(s <= at_us < u for s, u in self._spans)


async def act(
    school: School, watching: Watching, truth: Truth, step: tuple[str, float]
) -> None:
    """Let one thing happen."""
    what, amount = step
    school.clock.move(0.001)
    match what:
        case "films" | "films without ticks":
            await school.films(amount, ticks=what == "films")
        case "passes":
            await school.passes(amount)
        case "raise":
            lease_s = int(amount)
            await school.alarm(lease_s=lease_s)
            truth.raised(school.now_us, lease_s * SECOND)
        case "clear":
            await school.alarm("clear")
            truth.cleared(school.now_us)
        case "attach":
            await watching.attach()
        case "alive":
            watching.alive()
        case "close":
            challenge = school.heart.challenges.issue().challenge
            closing = school.people.closing(challenge, at_us=school.now_us)
            await school.heart.close_access.close(closing)
            truth.closed(school.now_us)
        case _:
            await new_segment(school)


async def new_segment(school: School) -> None:
    """Let the recorder close its segment."""
    for event in school.camera.close_segment(school.now_us):
        await school.heart.hear(event)
    await school.films(0.04)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
@given(steps=STEPS, linger_s=st.integers(0, 3), longest_s=st.integers(5, 30))
async def test_p3_closes_by_itself_no_key_lies_outside_its_grant(
    steps: list[Step], linger_s: int, longest_s: int
) -> None:
    """Every run whose key left began while the alarm held, inside grant and window."""
    clause = replace(
        ON_ALARM,
        when=WhileSignal(kind="intrusion", linger_us=linger_s * SECOND),
        look_back_us=0,
        longest_us=longest_s * SECOND,
    )
    school, truth = School(clause), Truth(linger_s * SECOND)
    await school.films(0.5)
    school.clock.move(0.001)
    await school.alarm(lease_s=10)
    truth.raised(school.now_us, 10 * SECOND)
    watching = await school.watches(school.people.officer())
    for step in steps:
        await act(school, watching, truth, step)
    grant = watching.grant
    for _, since_us, until_us in school.keys.live:
        assert truth.allows(since_us)
        assert until_us > grant.from_us
        assert since_us < grant.until_us
    counters = [frame.counter for frame in watching.key_frames()]
    assert len(set(counters)) == len(counters)
    assert len(counters) == len(school.keys.live)
    assert school.metrics.registry.get_sample_value("handfast_node_run_keys_total") == len(
        counters
    )
    assert all(frame[0] != FrameType.KEY for frame in school.viewers.of("stream"))
