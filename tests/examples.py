"""How many examples Hypothesis tries where a test does not leave that to the profile."""

from hypothesis import settings

USUAL = 100  # what Hypothesis tries by itself, and the profile "house" with it
FEWEST = 5


def scaled(count: int) -> int:
    """Return `count` under the profile "house", fewer in proportion under a quicker one.

    Only for decorators of tests: the profile is loaded before a test's module is.
    """
    return max(min(count, FEWEST), count * settings().max_examples // USUAL)
