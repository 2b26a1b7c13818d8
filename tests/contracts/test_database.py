"""The contract of Database, kept by every implementation."""

import asyncio
import contextlib

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from heliograph.server.errors import StorageUnavailable
from tests.contracts.tables import counters, things

pytestmark = pytest.mark.anyio


def adding(number):
    """A work that adds one thing and returns its number."""

    def work(connection):
        connection.execute(insert(things).values(id=number, name=f"thing {number}"))
        return number

    return work


def incrementing(connection):
    """A work that reads before it writes."""
    value = connection.execute(select(counters.c.value).where(counters.c.id == 1)).scalar_one()
    connection.execute(update(counters).where(counters.c.id == 1).values(value=value + 1))


async def ids(database):
    return [row.id for row in await database.fetch_all(select(things.c.id).order_by(things.c.id))]


async def test_a_finished_transaction_is_seen_by_the_next_read(subject):
    for number in range(50):
        assert await subject.database.transaction(adding(number)) == number
        row = await subject.database.fetch_one(select(things).where(things.c.id == number))
        assert row.name == f"thing {number}"
        assert len(await subject.database.fetch_all(select(things))) == number + 1


async def test_no_row_is_none_or_an_empty_list(subject):
    assert await subject.database.fetch_one(select(things)) is None
    assert list(await subject.database.fetch_all(select(things))) == []


async def test_what_was_written_is_there_after_reopening(subject):
    await asyncio.gather(*(subject.database.transaction(adding(number)) for number in range(20)))
    await subject.database.close()
    subject.database = subject.open()
    assert await ids(subject.database) == list(range(20))


async def test_an_exception_rolls_back_its_own_transaction_only(subject):
    def failing(number):
        def work(connection):
            adding(number)(connection)
            if number % 3 == 0:
                raise LookupError(number)
            return number

        return work

    outcomes = await asyncio.gather(
        *(subject.database.transaction(failing(number)) for number in range(60)), return_exceptions=True
    )
    for number, outcome in enumerate(outcomes):
        if number % 3 == 0:
            assert isinstance(outcome, LookupError)
            assert outcome.args == (number,)
        else:
            assert outcome == number
    assert await ids(subject.database) == [number for number in range(60) if number % 3]


async def test_a_violated_constraint_comes_through_as_integrity_error(subject):
    outcomes = await asyncio.gather(
        *(subject.database.transaction(adding(number % 10)) for number in range(40)), return_exceptions=True
    )
    assert sorted(outcome for outcome in outcomes if isinstance(outcome, int)) == list(range(10))
    assert all(isinstance(outcome, IntegrityError) for outcome in outcomes if not isinstance(outcome, int))
    assert await ids(subject.database) == list(range(10))


async def test_a_work_may_undo_a_part_of_itself(subject):
    def work(connection):
        adding(1)(connection)
        with contextlib.suppress(IntegrityError), connection.begin_nested():
            adding(2)(connection)
            adding(1)(connection)
        adding(3)(connection)

    await subject.database.transaction(work)
    assert await ids(subject.database) == [1, 3]


async def test_transactions_that_read_before_they_write_lose_no_update(subject):
    await subject.database.transaction(lambda connection: connection.execute(insert(counters).values(id=1, value=0)))
    await asyncio.gather(*(subject.database.transaction(incrementing) for _ in range(48)))
    assert (await subject.database.fetch_one(select(counters.c.value))).value == 48


async def test_reads_go_on_among_many_writes(subject):
    async def read():
        seen = 0
        for _ in range(30):
            count = (await subject.database.fetch_one(select(func.count()).select_from(things)))[0]
            assert count >= seen
            seen = count

    await asyncio.gather(
        *(subject.database.transaction(adding(number)) for number in range(200)), *[read() for _ in range(8)]
    )
    assert len(await ids(subject.database)) == 200


async def test_a_cancelled_transaction_is_whole_or_absent_and_stops_nobody(subject):
    def pair(number):
        def work(connection):
            adding(2 * number)(connection)
            adding(2 * number + 1)(connection)

        return work

    tasks = [asyncio.ensure_future(subject.database.transaction(pair(number))) for number in range(60)]
    for number, task in enumerate(tasks):
        if number % 2:
            await asyncio.sleep(number % 5 / 2000)
            task.cancel()
    outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)
    present = await ids(subject.database)
    for number, outcome in enumerate(outcomes):
        assert (2 * number in present) == (2 * number + 1 in present)
        assert outcome is not None or 2 * number in present
    assert all(outcomes[number] is None for number in range(0, 60, 2))
    await subject.database.transaction(adding(1000))


async def test_an_outage_is_named_by_every_verb_and_passes(subject):
    await subject.database.transaction(adding(1))
    async with subject.outage():
        for verb in (
            subject.database.transaction(adding(2)),
            subject.database.fetch_one(select(things)),
            subject.database.fetch_all(select(things)),
        ):
            with pytest.raises(StorageUnavailable):
                await verb
    assert await ids(subject.database) == [1]
    await subject.database.transaction(adding(3))
    assert await ids(subject.database) == [1, 3]


async def test_what_was_acknowledged_before_an_outage_is_there_after_it(subject):
    acknowledged = []

    async def add(number):
        with contextlib.suppress(StorageUnavailable):
            acknowledged.append(await subject.database.transaction(adding(number)))

    adds = [asyncio.ensure_future(add(number)) for number in range(400)]
    await asyncio.sleep(0.02)
    async with subject.outage():
        await asyncio.gather(*adds)
    assert set(acknowledged) <= set(await ids(subject.database))


async def test_after_closing_every_verb_is_an_outage(subject):
    await subject.database.close()
    await subject.database.close()
    for verb in (
        subject.database.transaction(adding(1)),
        subject.database.fetch_one(select(things)),
        subject.database.fetch_all(select(things)),
    ):
        with pytest.raises(StorageUnavailable):
            await verb


async def test_closing_finishes_what_is_under_way(subject):
    tasks = [asyncio.ensure_future(subject.database.transaction(adding(number))) for number in range(100)]
    await asyncio.sleep(0)
    await subject.database.close()
    await asyncio.wait_for(asyncio.gather(*tasks), 20)
    subject.database = subject.open()
    assert await ids(subject.database) == list(range(100))


async def test_a_statement_that_is_wrong_is_no_outage(subject):
    with pytest.raises(Exception, match="no_such_table") as failure:
        await subject.database.transaction(lambda connection: connection.exec_driver_sql("SELECT * FROM no_such_table"))
    assert not isinstance(failure.value, StorageUnavailable)
    await subject.database.transaction(adding(1))


async def test_a_work_that_stops_an_iteration_hangs_nobody(subject):
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(subject.database.transaction(lambda connection: next(iter(()))), 5)
    await subject.database.transaction(adding(1))
