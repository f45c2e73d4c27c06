"""How often one address may do what costs us: a bucket that refills."""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from typing import Final

from handfast.hub.errors import TooManyError
from handfast.kit.clock import Clock

_ADDRESSES: Final = 10_000  # remembered at once; the longest unseen is forgotten


@dataclass(slots=True)
class _Bucket:
    """What is left, and when that was known (monotonic seconds)."""

    left: float
    at: float


class RateLimit:
    """So many a minute per address, all of them at once if need be. Event loop only."""

    def __init__(self, per_minute: int, *, clock: Clock) -> None:
        """Take the rate."""
        self._most = float(per_minute)
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def spend(self, address: str) -> None:
        """Count one attempt.

        Raises:
            TooManyError: There were too many of them.
        """
        bucket = self._bucket(address)
        if bucket.left < 1:
            raise self._too_many(bucket)
        bucket.left -= 1

    def require_room(self, address: str) -> None:
        """Raise when `spend` would, without counting.

        Raises:
            TooManyError: There were too many attempts.
        """
        bucket = self._bucket(address)
        if bucket.left < 1:
            raise self._too_many(bucket)

    def note(self, address: str) -> None:
        """Count one attempt that has already cost us."""
        bucket = self._bucket(address)
        bucket.left = max(0.0, bucket.left - 1)

    def _bucket(self, address: str) -> _Bucket:
        now = self._clock.monotonic()
        bucket = self._buckets.pop(address, None) or _Bucket(left=self._most, at=now)
        bucket.left = min(self._most, bucket.left + (now - bucket.at) * self._most / 60)
        bucket.at = now
        self._buckets[address] = bucket
        if len(self._buckets) > _ADDRESSES:
            self._buckets.popitem(last=False)
        return bucket

    def _too_many(self, bucket: _Bucket) -> TooManyError:
        return TooManyError(retry_after_s=ceil((1 - bucket.left) * 60 / self._most))
