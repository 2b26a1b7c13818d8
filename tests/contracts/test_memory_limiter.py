"""What is particular to MemoryLimiter: its exact arithmetic, on a clock of ours, and its bound on memory."""

import asyncio
import random

from hypothesis import given
from hypothesis import strategies as st

from heliograph.server.backends.memory import MemoryLimiter
from heliograph.server.model import Bucket

SECOND = 1_000_000_000


class Clock:
    """A clock that stands still until moved."""

    def __init__(self) -> None:
        self.now = 12_345

    def __call__(self) -> int:
        return self.now


def limiter_on_clock(**options) -> tuple[MemoryLimiter, Clock]:
    clock = Clock()
    return MemoryLimiter(clock=clock, **options), clock


def spend(limiter, *buckets):
    return asyncio.run(limiter.spend(buckets))


def spender(limiter):
    """Spend without the cost of a loop for each call; `spend` never awaits."""

    def spend_now(*buckets):
        try:
            limiter.spend(buckets).send(None)
        except StopIteration as stop:
            return stop.value
        raise AssertionError("spend awaited something")

    return spend_now


@given(
    limit=st.integers(1, 50),
    period=st.sampled_from([1, 7, 60, 3600, 86400]),
    pauses=st.lists(st.integers(0, 3_000_000_000), max_size=60),
)
def test_every_answer_is_true(limit, period, pauses):
    limiter, clock = limiter_on_clock()
    spend_now = spender(limiter)
    bucket, look = Bucket("a", limit, period), Bucket("a", limit, period, cost=0)
    expected = limit
    for pause in pauses:
        clock.now += pause
        before = spend_now(look).buckets[0].left
        assert expected <= before or pause == 0
        allowance = spend_now(bucket)
        assert allowance.allowed == (before > 0)
        expected = allowance.buckets[0].left
        assert expected == before - allowance.allowed
        if not allowance.allowed:
            told = clock.now + allowance.retry_after * SECOND
            earlier = clock.now + (allowance.retry_after - 1) * SECOND
            clock.now = earlier
            assert spend_now(look).buckets[0].left == 0
            clock.now = told
            assert spend_now(look).buckets[0].left >= 1


@given(limit=st.integers(1, 30), period=st.sampled_from([1, 60, 3600]), seed=st.integers(0, 1000))
def test_over_any_time_at_most_the_limit_and_its_share_pass(limit, period, seed):
    limiter, clock = limiter_on_clock()
    spend_now = spender(limiter)
    chance = random.Random(seed)
    admitted = []
    for _ in range(300):
        clock.now += chance.randrange(1 + period * SECOND // limit)
        if spend_now(Bucket("a", limit, period)).allowed:
            admitted.append(clock.now)
    for first in range(0, len(admitted), 7):
        for last in range(first, len(admitted), 5):
            elapsed = admitted[last] - admitted[first]
            assert last - first + 1 <= limit + elapsed // (period * SECOND // limit)


def test_buckets_that_are_full_again_are_forgotten():
    limiter, clock = limiter_on_clock()
    spend_now = spender(limiter)
    for number in range(1000):
        spend_now(Bucket(f"address {number}", 10, 60))
    assert len(limiter) == 1000
    clock.now += 60 * SECOND
    for _ in range(1000):
        spend_now(Bucket("other", 10, 60))
    assert len(limiter) == 1


def test_a_flood_of_addresses_neither_grows_memory_nor_frees_an_exhausted_bucket():
    limiter, clock = limiter_on_clock(max_buckets=500)
    spend_now = spender(limiter)
    own = Bucket("attacker", 10, 3600)
    while spend_now(own).allowed:
        pass
    for number in range(20_000):
        clock.now += 1000
        spend_now(Bucket(f"address {number}", 10, 3600))
        assert len(limiter) <= 500
    assert len(limiter._soonest) == len(limiter)
    assert not spend_now(own).allowed


def test_a_spend_is_quick_among_many_buckets():
    limiter, clock = limiter_on_clock(max_buckets=20_000)
    spend_now = spender(limiter)
    for number in range(60_000):
        clock.now += 100_000
        spend_now(Bucket(f"address {number % 30_000}", 100, 60), Bucket("application", 10**9, 60))
    assert len(limiter) <= 20_000


def test_a_spend_is_one_step():
    limiter, _ = limiter_on_clock()
    assert spend(limiter, Bucket("a", 1, 1)).allowed
    assert spender(limiter)(Bucket("b", 1, 1)).allowed
