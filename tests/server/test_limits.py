"""The rate limit policy; that spending is atomic is shown in tests/contracts, what it means for people in
test_fairness.
"""

import pytest

from heliograph.server.backends.memory import MemoryLimiter
from heliograph.server.config import DEFAULT_LIMITS
from heliograph.server.limits import Limits, Policy, Rule, network_of, parse_policy
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
async def test_what_is_left_is_what_the_next_upload_meets_and_looking_takes_nothing() -> None:
    subject, caller = limits("20/hour by address; 3/day uploads by application; 10 credits an upload"), registered("a")
    await subject.spend(caller, post=True, upload=True)
    for _ in range(3):
        states = await subject.left(caller)
        assert [(state.bucket.by, state.bucket.limit, state.left) for state in states] == [
            ("address", 20, 10),
            ("application", 3, 2),
        ]
        assert [state.left_for for state in states] == [1, 2]
    assert await limits("off").left(caller) == ()
