"""The rate limit policy; that spending is atomic is shown in tests/contracts."""

import pytest

from heliograph.server.backends.memory import MemoryLimiter
from heliograph.server.errors import UploadLimitReached
from heliograph.server.limits import Limits, Rule, network_of, parse_policy
from heliograph.server.model import Account, Caller


def test_a_policy_is_read_rule_by_rule() -> None:
    assert parse_policy("50/hour uploads by address; 12500 / day uploads by application") == (
        Rule(50, 3600, "address"),
        Rule(12500, 86400, "application"),
    )


def test_off_limits_nothing() -> None:
    assert parse_policy("off") == ()


@pytest.mark.parametrize(
    "text", ["50 an hour", "0/hour uploads by address", "5/year uploads by address", "5/hour uploads by shoe size"]
)
def test_a_rule_that_is_not_understood_is_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=text.split()[0]):
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
    limits = Limits(parse_policy("2/hour uploads by address"), MemoryLimiter())
    assert [(await limits.admit_upload(Caller("192.0.2.1"))).buckets[0].left for _ in range(2)] == [1, 0]
    with pytest.raises(UploadLimitReached) as refused:
        await limits.admit_upload(Caller("192.0.2.1"))
    assert 0 < refused.value.retry_after <= 1800
    assert (await limits.admit_upload(Caller("192.0.2.2"))).allowed


@pytest.mark.anyio
async def test_two_addresses_share_the_limit_of_one_application() -> None:
    limits = Limits(parse_policy("1/hour uploads by application"), MemoryLimiter())
    await limits.admit_upload(Caller("192.0.2.1", key="k"))
    with pytest.raises(UploadLimitReached):
        await limits.admit_upload(Caller("192.0.2.2", key="k"))
    assert (await limits.admit_upload(Caller("192.0.2.2"))).buckets == ()


@pytest.mark.anyio
async def test_a_rule_by_account_counts_the_account_wherever_it_is() -> None:
    limits = Limits(parse_policy("1/day uploads by account"), MemoryLimiter())
    account = Account(1, "a", enabled=True)
    await limits.admit_upload(Caller("192.0.2.1", account=account))
    with pytest.raises(UploadLimitReached):
        await limits.admit_upload(Caller("192.0.2.9", account=account))
