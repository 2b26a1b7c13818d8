"""The contract of Limiter, kept by every implementation, in real time."""

import asyncio

import pytest

from heliograph.server.model import Allowance, Bucket

pytestmark = pytest.mark.anyio

HOUR = 3600


async def test_of_many_spends_at_once_just_the_limit_is_admitted(limiter):
    bucket = Bucket("address:192.0.2.1", limit=10, period=HOUR)
    allowances = await asyncio.gather(*(limiter.spend([bucket]) for _ in range(64)))
    assert sum(allowance.allowed for allowance in allowances) == 10


async def test_what_is_left_is_what_the_next_spends_meet(limiter):
    bucket = Bucket("address", limit=5, period=HOUR)
    for left in (4, 3, 2, 1, 0):
        allowance = await limiter.spend([bucket])
        assert allowance.allowed
        assert allowance.retry_after == 0
        (state,) = allowance.buckets
        assert (state.bucket, state.left) == (bucket, left)
        assert 0 < state.resets_in <= HOUR
    refused = await limiter.spend([bucket])
    assert not refused.allowed
    assert refused.buckets[0].left == 0
    assert 0 < refused.retry_after <= HOUR // 5


async def test_a_cost_of_nothing_takes_nothing_and_tells_what_is_left(limiter):
    bucket = Bucket("address", limit=2, period=HOUR)
    nothing = Bucket("address", limit=2, period=HOUR, cost=0)
    for left in (2, 1, 0):
        for _ in range(2):
            looked = await limiter.spend([nothing])
            assert (looked.allowed, looked.buckets[0].left) == (True, left)
        await limiter.spend([bucket])


async def test_a_refused_spend_takes_from_no_bucket(limiter):
    narrow, wide = Bucket("narrow", 1, HOUR), Bucket("wide", 100, HOUR)
    assert (await limiter.spend([wide, narrow])).allowed
    for order in ([wide, narrow], [narrow, wide]) * 5:
        refused = await limiter.spend(order)
        assert not refused.allowed
        assert {state.bucket: state.left for state in refused.buckets} == {narrow: 0, wide: 99}
    assert (await limiter.spend([wide])).buckets[0].left == 98


async def test_buckets_of_different_names_or_periods_are_apart(limiter):
    for bucket in (Bucket("a", 1, HOUR), Bucket("b", 1, HOUR), Bucket("a", 1, 60)):
        assert (await limiter.spend([bucket])).allowed
        assert not (await limiter.spend([bucket])).allowed


async def test_a_cost_is_taken_whole(limiter):
    assert (await limiter.spend([Bucket("a", 10, HOUR, cost=7)])).buckets[0].left == 3
    assert not (await limiter.spend([Bucket("a", 10, HOUR, cost=4)])).allowed
    assert (await limiter.spend([Bucket("a", 10, HOUR, cost=3)])).buckets[0].left == 0


async def test_a_cost_of_nothing_looks_without_taking(limiter):
    await limiter.spend([Bucket("a", 10, HOUR, cost=4)])
    for _ in range(3):
        allowance = await limiter.spend([Bucket("a", 10, HOUR, cost=0)])
        assert (allowance.allowed, allowance.buckets[0].left) == (True, 6)


async def test_a_cost_above_the_limit_is_never_admitted(limiter):
    refused = await limiter.spend([Bucket("a", 10, HOUR, cost=11)])
    assert (refused.allowed, refused.buckets[0].left, refused.retry_after) == (False, 10, HOUR)
    assert not (await limiter.spend([Bucket("b", 0, HOUR)])).allowed


async def test_the_same_bucket_twice_in_one_spend_is_taken_from_twice(limiter):
    bucket = Bucket("a", 3, HOUR)
    assert (await limiter.spend([bucket, bucket])).buckets[1].left == 1
    assert not (await limiter.spend([bucket, bucket])).allowed
    assert (await limiter.spend([bucket])).buckets[0].left == 0


async def test_who_waits_as_long_as_told_is_admitted(limiter):
    bucket = Bucket("a", 2, 2)
    assert (await limiter.spend([bucket])).allowed
    assert (await limiter.spend([bucket])).allowed
    refused = await limiter.spend([bucket])
    assert (refused.allowed, refused.retry_after) == (False, 1)
    await asyncio.sleep(refused.retry_after)
    assert (await limiter.spend([bucket])).allowed


async def test_a_bucket_is_full_again_when_told(limiter):
    bucket = Bucket("a", 4, 1)
    for _ in range(4):
        allowance = await limiter.spend([bucket])
    await asyncio.sleep(allowance.buckets[0].resets_in)
    assert (await limiter.spend([bucket])).buckets[0].left == 3


async def test_no_buckets_let_through(limiter):
    assert await limiter.spend([]) == Allowance(allowed=True)


async def test_of_two_sides_one_with_room_is_enough_and_the_other_is_left_alone(limiter):
    address, application = Bucket("address", 1, HOUR), Bucket("application", 3, HOUR)
    left = []
    for _ in range(3):
        allowance = await limiter.spend([], [[address], [application]])
        assert (allowance.allowed, allowance.retry_after) == (True, 0)
        left.append(tuple((state.bucket.name, state.left) for state in allowance.buckets))
    assert left == [
        (("address", 0), ("application", 2)),
        (("address", 0), ("application", 1)),
        (("address", 0), ("application", 0)),
    ]
    refused = await limiter.spend([], [[address], [application]])
    assert [state.left for state in refused.buckets] == [0, 0]
    assert not refused.allowed
    assert 0 < refused.retry_after <= HOUR // 3
    assert (await limiter.spend([], [[address], [Bucket("other", 1, HOUR)]])).allowed


async def test_a_side_is_taken_from_whole_or_not_at_all(limiter):
    narrow, wide, other = Bucket("narrow", 1, HOUR), Bucket("wide", 100, HOUR), Bucket("other", 100, HOUR)
    for _ in range(3):
        allowance = await limiter.spend([], [[wide, narrow], [other]])
        assert allowance.allowed
    assert {state.bucket.name: state.left for state in allowance.buckets} == {"narrow": 0, "wide": 99, "other": 97}


async def test_what_is_needed_is_needed_whatever_the_sides_say(limiter):
    account, address, application = (
        Bucket("account", 2, HOUR),
        Bucket("address", 1, HOUR),
        Bucket("application", 9, HOUR),
    )
    for _ in range(2):
        assert (await limiter.spend([account], [[address], [application]])).allowed
    refused = await limiter.spend([account], [[address], [application]])
    assert not refused.allowed
    assert {state.bucket.name: state.left for state in refused.buckets} == {
        "account": 0,
        "address": 0,
        "application": 7,
    }


async def test_of_many_spends_at_once_none_is_admitted_that_no_side_pays_for(limiter):
    def sides(number):
        return [[Bucket(f"address {number % 4}", 5, HOUR)], [Bucket("application", 10, HOUR)]]

    allowances = await asyncio.gather(*(limiter.spend([], sides(number)) for number in range(64)))
    # Addresses can pay for 4 * 5, the application for 10; most take from both, how many depends on the order.
    assert 20 <= sum(allowance.allowed for allowance in allowances) <= 30
    for number in range(4):
        assert [state.left for state in (await limiter.spend([], sides(number))).buckets] == [0, 0]
