"""What a policy does to people: innocents keep a floor and abusers stay under a ceiling, as docs/limits.md says.

A day is played on a clock of ours, request by request. Innocents upload evenly; an abuser tries every two seconds, day
and night. The figures asserted here are those of the page.
"""

import asyncio
import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from heliograph.server.backends.memory import MemoryLimiter
from heliograph.server.limits import Limits, parse_policy
from heliograph.server.model import Application, Caller
from tests.repository.tree import ROOT

PAGE = (ROOT / "docs" / "limits.md").read_text()
SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
TRY_EVERY = 2 * SECOND
RULES = "1250/hour uploads by address; 50/hour uploads by application"
SHARED_KEY_RULES = "50/hour uploads by address; 12500/day uploads by application"


class Clock:
    """A clock that stands still until moved."""

    now = 0

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True)
class Person:
    """Somebody who uploads each `every` nanoseconds, first at `first`; `caller` is who he seems to be the nth time."""

    name: str
    every: int
    caller: Callable[[int], Caller]
    first: int = 0


def at(address: str, key: str | None = None, *, known: bool = True) -> Caller:
    return Caller(address, key, Application(1, key, "an app", None, enabled=True) if key and known else None)


def a_day(policy: str, people: list[Person]) -> tuple[Counter[str], Counter[str]]:
    """How many uploads of each person were admitted, and how many refused."""
    clock = Clock()
    limits = Limits(parse_policy(policy), MemoryLimiter(clock=clock))
    turns = [(person.first, number, 0) for number, person in enumerate(people)]
    heapq.heapify(turns)
    admitted: Counter[str] = Counter()
    refused: Counter[str] = Counter()

    async def play() -> None:
        while turns and turns[0][0] < DAY:
            clock.now, number, nth = turns[0]
            person = people[number]
            allowance = await limits.spend(person.caller(nth), post=True, upload=True)
            (admitted if allowance.allowed else refused)[person.name] += 1
            heapq.heapreplace(turns, (clock.now + person.every, number, nth + 1))

    asyncio.run(play())
    return admitted, refused


def innocents(count: int, a_day_each: int, caller: Callable[[int], Caller]) -> Iterator[Person]:
    """People who begin one after another and upload evenly."""
    every = DAY // a_day_each
    for number in range(count):
        yield Person(f"innocent {number}", every, always(caller(number)), first=number * every // count)


def always(caller: Caller) -> Callable[[int], Caller]:
    return lambda _: caller


def floor(admitted: Counter[str], count: int) -> int:
    """What the worst treated innocent got."""
    return min(admitted[f"innocent {number}"] for number in range(count))


def said(row: str) -> tuple[int, int, int]:
    """The floor, the ceiling and what the abuser got, as the page states it in the row of this name."""
    found = re.search(rf"^\| {re.escape(row)} \|.*\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    assert found, row
    least, most, got = (int(each.replace(",", "")) for each in found.groups())
    return least, most, got


def check(row: str, policy: str, abuser: Callable[[int], Caller], others: list[Person]) -> None:
    """Play the day: innocents get at least the floor of the page, and the abuser what it says, below its ceiling."""
    least, most, got = said(row)
    admitted, refused = a_day(policy, [*others, Person("abuser", TRY_EVERY, abuser)])
    assert floor(admitted, len(others)) >= least
    assert admitted["abuser"] == got <= most
    assert refused["abuser"] == refused.total() > 0


@pytest.mark.parametrize("rule", ["any", "both"])
def test_a_hundred_people_behind_one_address_do_not_suffer_for_one_abuser(rule: str) -> None:
    here = "192.0.2.1"
    asked = {"any": 12 * 24, "both": 50 * 24}[rule]
    others = list(innocents(99, asked, lambda number: at(here, f"key {number}")))
    check(f"100 behind one address, `{rule}`", f"{RULES}; refuse when {rule}", lambda _: at(here, "abused"), others)


def test_under_both_inventing_keys_takes_nothing_from_the_others_behind_the_address() -> None:
    here = "192.0.2.1"
    others = list(innocents(99, 50 * 24, lambda number: at(here, f"key {number}")))
    row = "100 behind one address, the abuser invents keys, `both`"
    check(row, f"{RULES}; refuse when both", lambda nth: at(here, f"invented {nth}", known=False), others)


@pytest.mark.parametrize(("rule", "known"), [("any", True), ("both", True), ("both", False)])
def test_ten_thousand_addresses_that_share_a_key_do_not_suffer_for_one_abuser(rule: str, known: bool) -> None:
    asked = {"any": 1, "both": 5}[rule]

    def somewhere(number: int) -> Caller:
        return at(f"10.0.{number // 250}.{number % 250}", "shared", known=known)

    others = list(innocents(9_999, asked, somewhere))
    name = "a registered" if known else "an unregistered"
    row = f"10,000 addresses share {name} key, `{rule}`"
    check(row, f"{SHARED_KEY_RULES}; refuse when {rule}", lambda _: at("192.0.2.1", "shared", known=known), others)


@pytest.mark.parametrize("rule", ["any", "both"])
def test_who_changes_his_address_and_key_with_each_request_is_one(rule: str) -> None:
    def rotating(nth: int) -> Caller:
        return at(f"2001:db8:0:1::{nth % 65_536:x}", f"invented {nth}", known=False)

    others = list(innocents(20, 24 * 50, lambda number: at(f"2001:db8:0:{number + 2:x}::1")))
    row = f"one rotating /64 and invented keys, `{rule}`"
    check(row, f"{SHARED_KEY_RULES}; refuse when {rule}", rotating, others)


def test_under_any_the_users_of_a_shared_key_pay_for_each_other() -> None:
    """What N16 complains of, and why there is `both`."""
    others = list(innocents(1_000, 48, lambda number: at(f"10.0.{number // 250}.{number % 250}", "shared")))
    _, refused_when_any = a_day(f"{SHARED_KEY_RULES}; refuse when any", others)
    _, refused_when_both = a_day(f"{SHARED_KEY_RULES}; refuse when both", others)
    assert refused_when_any.total() > 0
    assert refused_when_both.total() == 0


def test_under_any_with_one_rule_by_address_the_people_behind_it_pay_for_each_other() -> None:
    """What N15 complains of: Imgur's 50 an hour for each address, and nothing else."""
    here = "192.0.2.1"
    others = list(innocents(99, 24, lambda number: at(here, f"key {number}")))
    abuser = Person("abuser", TRY_EVERY, lambda _: at(here, "abused"))
    admitted, _ = a_day("50/hour uploads by address", [*others, abuser])
    assert floor(admitted, 99) < 12
    rules = "50/hour uploads by address; 50/hour uploads by application; refuse when both"
    _, refused = a_day(rules, [*others, abuser])
    assert not [name for name in refused if name != "abuser"]
