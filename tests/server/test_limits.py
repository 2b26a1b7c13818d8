"""The rate limit policy; that spending is atomic is shown in tests/contracts, what it means for people in
test_fairness.
"""

import asyncio

import pytest

from heliograph.server.backends.memory import MemoryLimiter
from heliograph.server.config import DEFAULT_LIMITS
from heliograph.server.limits import Limits, Policy, Rule, network_of, own_rules, parse_policy
from heliograph.server.model import Account, Application, Caller


def limits(text: str) -> Limits:
    return Limits(parse_policy(text), MemoryLimiter())


def registered(client_id: str, address: str = "192.0.2.1") -> Caller:
    return Caller(address, client_id, Application(1, client_id, "an app", None, enabled=True))


async def admitted(subject: Limits, caller: Caller, times: int, **what: bool) -> int:
    return sum([(await subject.spend(caller, **what)).allowed for _ in range(times)])


def test_a_policy_is_read_rule_by_rule() -> None:
    assert parse_policy(
        "500/hour by address; 12500 / day by application; 1250/hour posts by address\n"
        "50/hour uploads by account; 10 credits an upload; refuse when both; refuse when any for 0123456789abcde;"
    ) == Policy(
        rules=(
            Rule(500, 3600, "address"),
            Rule(12500, 86400, "application"),
            Rule(1250, 3600, "address", "posts"),
            Rule(50, 3600, "account", "uploads"),
        ),
        upload_cost=10,
        refuse_when="both",
        refuse_when_for={"0123456789abcde": "any"},
    )


def test_the_policy_of_a_fresh_server_counts_uploads() -> None:
    assert parse_policy(DEFAULT_LIMITS) == Policy(
        (Rule(1250, 3600, "address", "uploads"), Rule(12500, 86400, "application", "uploads"))
    )


def test_off_limits_nothing() -> None:
    assert parse_policy("off") == Policy()


@pytest.mark.parametrize(
    "text",
    [
        "50 an hour",
        "5/year uploads by address",
        "5/hour uploads by shoe size",
        "5/hour by address and more",
        "refuse when tired",
    ],
)
def test_a_rule_that_is_not_understood_is_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=text.split(maxsplit=1)[0]):
        parse_policy(text)


@pytest.mark.parametrize(
    "text",
    [
        "0/hour uploads by address",
        "5/hour by address; 10 credits an upload",
        "5/hour by address; 6/hour by address",
        "10 credits an upload; 20 credits an upload",
        "refuse when any; refuse when both",
        "2000000/second by address",
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"never|twice|same|counted"):
        parse_policy(text)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
    ],
)
def test_an_address_counts_as_its_customer(address: str, counted: str) -> None:
    assert network_of(address) == counted


@pytest.mark.anyio
async def test_the_limit_of_an_address_holds_and_says_how_long_to_wait() -> None:
    subject = limits("2/hour uploads by address")
    here = Caller("192.0.2.1")
    assert [(await subject.spend(here, upload=True)).buckets[0].left for _ in range(2)] == [1, 0]
    refused = await subject.spend(here, upload=True)
    assert not refused.allowed
    assert 0 < refused.retry_after <= 1800
    assert (await subject.spend(Caller("192.0.2.2"), upload=True)).allowed


@pytest.mark.anyio
async def test_two_addresses_share_the_limit_of_one_application() -> None:
    subject = limits("1/hour uploads by application")
    assert (await subject.spend(Caller("192.0.2.1", key="k"), upload=True)).allowed
    assert not (await subject.spend(Caller("192.0.2.2", key="k"), upload=True)).allowed
    assert (await subject.spend(Caller("192.0.2.2"), upload=True)).buckets == ()


@pytest.mark.anyio
async def test_a_rule_by_account_counts_the_account_wherever_it_is() -> None:
    subject = limits("1/day uploads by account")
    account = Account(1, "a", enabled=True)
    assert (await subject.spend(Caller("192.0.2.1", account=account), upload=True)).allowed
    assert not (await subject.spend(Caller("192.0.2.9", account=account), upload=True)).allowed


@pytest.mark.anyio
async def test_requests_cost_one_credit_and_uploads_what_the_policy_says() -> None:
    subject = limits("25/hour by address; 10 credits an upload")
    here = Caller("192.0.2.1")
    assert await admitted(subject, here, 9, upload=True, post=True) == 2
    assert await admitted(subject, here, 9) == 5


@pytest.mark.anyio
async def test_posts_and_uploads_are_counted_apart_from_reading() -> None:
    subject = limits("2/hour posts by address; 1/hour uploads by address")
    here = Caller("192.0.2.1")
    assert await admitted(subject, here, 9) == 9
    assert await admitted(subject, here, 9, upload=True, post=True) == 1
    assert await admitted(subject, here, 9, post=True) == 1


BOTH = "2/hour by address; 3/hour by application; refuse when both"


@pytest.mark.anyio
async def test_both_refuses_only_where_the_address_and_the_application_are_used_up() -> None:
    subject = limits(BOTH)
    assert await admitted(subject, registered("a"), 9) == 3
    assert await admitted(subject, registered("a", "192.0.2.2"), 9) == 2, "a used-up key locks nobody out"
    assert await admitted(subject, registered("b"), 9) == 3, "nor does a used-up address"


@pytest.mark.anyio
async def test_under_both_an_invented_key_neither_helps_nor_hurts() -> None:
    subject = limits(BOTH)
    assert sum([await admitted(subject, Caller("192.0.2.1", key=f"invented {n}"), 1) for n in range(9)]) == 2
    for number in range(5):
        assert await admitted(subject, Caller(f"198.51.100.{number}", key="built in"), 9) == 2


@pytest.mark.anyio
async def test_under_both_a_side_without_a_counterpart_holds() -> None:
    subject = limits("3/hour by application; refuse when both")
    assert await admitted(subject, Caller("192.0.2.1", key="built in"), 9) == 3
    assert await admitted(subject, registered("a"), 9) == 3
    subject = limits("2/hour by address; refuse when both")
    assert await admitted(subject, registered("a"), 9) == 2


@pytest.mark.anyio
async def test_the_combination_may_differ_for_one_application() -> None:
    subject = limits(BOTH + "; refuse when any for strict; refuse when both for built-in")
    assert await admitted(subject, registered("strict"), 9) == 2
    assert await admitted(subject, Caller("192.0.2.9", key="built-in"), 9) == 3


@pytest.mark.anyio
async def test_under_both_the_limit_of_an_account_always_holds() -> None:
    subject = limits(BOTH + "; 1/hour by account")
    caller = Caller("192.0.2.1", "a", Application(1, "a", "an app", 1, enabled=True), Account(1, "a", enabled=True))
    assert await admitted(subject, caller, 9) == 1


@pytest.mark.anyio
async def test_a_look_is_a_request_that_is_told_of_posts_and_uploads_too_and_takes_none_of_them() -> None:
    subject = limits("9/hour by address; 3/hour posts by address; 2/hour uploads by address; 5 credits an upload")
    caller = Caller("192.0.2.1")
    for left in (8, 7):
        looked = await subject.spend(caller, look=True)
        assert [(each.bucket.what, each.left) for each in looked.buckets] == [
            ("requests", left), ("posts", 3), ("uploads", 2),
        ]  # fmt: skip
    spent = await subject.spend(caller, post=True, upload=True)
    assert [(each.bucket.what, each.left) for each in spent.buckets] == [("requests", 2), ("posts", 2), ("uploads", 1)]


@pytest.mark.anyio
async def test_a_look_is_allowed_though_no_upload_is_left_but_not_when_requests_are_used_up() -> None:
    caller = Caller("192.0.2.1")
    uploads = limits("1/hour uploads by address")
    assert await admitted(uploads, caller, 2, upload=True) == 1
    assert await admitted(uploads, caller, 3, look=True) == 3
    requests = limits("2/hour by address")
    assert await admitted(requests, caller, 3, look=True) == 2


def with_own(limits: str | None, client_id: str = "a" * 15, address: str = "192.0.2.1", **more: object) -> Caller:
    application = Application(1, client_id, "an app", None, enabled=True, limits=limits, **more)
    return Caller(address, client_id, application)


def test_own_rules_are_read_without_saying_by_application() -> None:
    assert own_rules("50000/day uploads; 100/minute\n5/hour posts by application;") == (
        Rule(50000, 86400, "application", "uploads"),
        Rule(100, 60, "application"),
        Rule(5, 3600, "application", "posts"),
    )
    assert own_rules("off") == ()


@pytest.mark.parametrize(
    "text", ["", "5/hour by address", "5/year", "0/hour", "5/hour; 6/hour", "10 credits an upload", "refuse when both"]
)
def test_what_is_no_rule_of_an_application_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        own_rules(text)


@pytest.mark.anyio
async def test_an_applications_own_rules_hold_in_place_of_the_general_ones_by_application() -> None:
    subject = limits("20/day uploads by address; 3/day uploads by application; 2/day by application")
    assert await admitted(subject, with_own("5/day uploads"), 30, upload=True) == 5
    assert await admitted(subject, registered("b" * 15), 30, upload=True) == 2
    assert await admitted(subject, with_own("off", "c" * 15, "192.0.2.9"), 30, upload=True) == 20


@pytest.mark.anyio
async def test_a_changed_limit_begins_with_a_full_counter() -> None:
    subject = limits("off")
    assert await admitted(subject, with_own("5/day"), 9) == 5
    assert await admitted(subject, with_own("50/day"), 60) == 50


@pytest.mark.anyio
async def test_an_invented_key_is_never_counted_with_an_applications_own_limits() -> None:
    subject = limits("100/day by application")
    invented = Caller("192.0.2.7", "a" * 15 + "/5")
    await admitted(subject, invented, 50)
    assert await admitted(subject, with_own("5/day"), 9) == 5


@pytest.mark.anyio
async def test_of_64_requests_at_once_an_applications_own_limit_admits_just_its_number() -> None:
    subject = limits("1000/day by address; 1/day by application")
    caller = with_own("10/day")
    allowances = await asyncio.gather(*(subject.spend(caller) for _ in range(64)))
    assert sum(each.allowed for each in allowances) == 10


@pytest.mark.anyio
async def test_under_both_what_anybody_registered_is_no_side_unless_the_operator_gave_it_limits() -> None:
    text = "2/day by address; 50/day by application; refuse when both"
    assert await admitted(limits(text), with_own(None), 99) == 50
    assert await admitted(limits(text), with_own(None, by_anybody=True), 99) == 2
    assert await admitted(limits(text), with_own("7/day", by_anybody=True), 99) == 7


@pytest.mark.anyio
async def test_an_exception_names_an_application_by_its_key_as_well() -> None:
    subject = limits("2/day by address; 50/day by application; refuse when both; refuse when any for " + "k" * 32)
    assert await admitted(subject, with_own(None, key="k" * 32), 99) == 2
