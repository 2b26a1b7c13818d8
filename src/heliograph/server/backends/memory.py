"""Rate limits counted in this process.

Hides the algorithm, the clock and the bound on memory. The algorithm is GCRA, the generic cell rate algorithm (ITU-T
I.371, annex A; told for web limits in https://brandur.org/rate-limiting, and what redis-cell runs): a bucket holds
`limit` units and gets them back evenly, one each `period / limit` seconds. Its whole state is one number, the moment at
which it will be full again, so that what a refused request is told (when to return) is exact, and that a bucket which
is full again need not be remembered. In any window of `period` at most twice `limit` pass, as with the sliding window
counter; over longer times at most `limit` per `period`.
"""

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from heliograph.server.model import Allowance, Bucket, BucketState
from heliograph.server.ports import Limiter

_SECOND = 1_000_000_000
_FORGET_AT_ONCE = 16
"""How many full buckets one spend forgets at most: more than it can add, so that memory shrinks, in a bounded time."""


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Moments at which buckets are full again, before and after a spend, and nanoseconds to wait until it may be."""

    before: dict[tuple[str, int], int]
    after: dict[tuple[str, int], int]
    wait: int


class MemoryLimiter(Limiter):
    """Buckets in a dict, told apart by name and period; at most `max_buckets` of them, of some 300 bytes each.

    When there are more, the one that is full again soonest is forgotten. An attacker with many addresses therefore
    pushes out his own barely touched buckets, never an exhausted one: for that he would have to exhaust `max_buckets`
    others. One event loop may use it; `spend` awaits nothing and is therefore atomic.
    """

    def __init__(self, max_buckets: int = 200_000, clock: Callable[[], int] = time.monotonic_ns) -> None:
        """Take `clock`, which tells nanoseconds that never run backwards."""
        self.let_through = 0
        self._max_buckets = max_buckets
        self._clock = clock
        self._full_at: dict[tuple[str, int], int] = {}
        # One item for each bucket; its time may be older than the bucket's, never younger, as buckets only fill later.
        self._soonest: list[tuple[int, tuple[str, int]]] = []

    def __len__(self) -> int:
        """How many buckets are remembered."""
        return len(self._full_at)

    async def spend(self, buckets: Sequence[Bucket], sides: Sequence[Sequence[Bucket]] = ()) -> Allowance:
        """Take each bucket's cost where there is room, as the port says; a cost above the limit is never admitted."""
        now = self._clock()
        self._forget_full(now)
        asked = [self._weighed(group, now) for group in (buckets, *sides)]
        wait = asked[0].wait
        if sides:
            wait = max(wait, min(side.wait for side in asked[1:]))
        moments: dict[tuple[str, int], int] = {}
        for group in asked:
            taken = wait <= 0 and group.wait <= 0
            moments.update(group.after if taken else group.before)
            if taken:
                self._remember(group.after)
        states = tuple(
            _state(bucket, moments[bucket.name, bucket.period] - now) for group in (buckets, *sides) for bucket in group
        )
        return Allowance(allowed=wait <= 0, buckets=states, retry_after=_whole_seconds(wait))

    async def reachable(self) -> None:
        """Memory always answers."""

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _weighed(self, buckets: Sequence[Bucket], now: int) -> "_Weighed":
        """What would become of the buckets if their costs were taken."""
        before: dict[tuple[str, int], int] = {}
        after: dict[tuple[str, int], int] = {}
        wait = 0
        for bucket in buckets:
            key = (bucket.name, bucket.period)
            before[key] = max(self._full_at.get(key, now), now)
            unit, room = _measure(bucket)
            after[key] = after.get(key, before[key]) + bucket.cost * unit
            if bucket.cost > bucket.limit:
                wait = max(wait, bucket.period * _SECOND)
            else:
                wait = max(wait, after[key] - now - room)
        return _Weighed(before, after, wait)

    def _remember(self, moments: dict[tuple[str, int], int]) -> None:
        for key, full_at in moments.items():
            if key not in self._full_at:
                heapq.heappush(self._soonest, (full_at, key))
            self._full_at[key] = full_at
        while len(self._full_at) > self._max_buckets:
            self._forget_soonest(self._soonest[0][0])

    def _forget_full(self, now: int) -> None:
        for _ in range(_FORGET_AT_ONCE):
            if not self._soonest or self._soonest[0][0] > now:
                return
            self._forget_soonest(now)

    def _forget_soonest(self, until: int) -> None:
        """Forget the first bucket of the heap if it is full by `until`, else put it back at its present place."""
        key = self._soonest[0][1]
        full_at = self._full_at[key]
        if full_at > until:
            heapq.heapreplace(self._soonest, (full_at, key))
        else:
            heapq.heappop(self._soonest)
            del self._full_at[key]


def _measure(bucket: Bucket) -> tuple[int, int]:
    """Nanoseconds in which one unit comes back, and in which an empty bucket fills: whole, so that sums are exact."""
    if bucket.limit <= 0:
        return bucket.period * _SECOND, 0
    unit = max(1, bucket.period * _SECOND // bucket.limit)
    return unit, unit * bucket.limit


def _state(bucket: Bucket, until_full: int) -> BucketState:
    unit, room = _measure(bucket)
    return BucketState(bucket, left=max(0, (room - until_full) // unit), resets_in=_whole_seconds(until_full))


def _whole_seconds(nanoseconds: int) -> int:
    """Seconds, rounded up; 0 for what is past."""
    return max(0, -(-nanoseconds // _SECOND))
