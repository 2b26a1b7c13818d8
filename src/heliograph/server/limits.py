"""The rate limit policy: what is counted, by whom, what a request costs, and which counters may refuse it.

A policy reads `500/hour by address; 12500/day by application; 10 credits an upload; refuse when both`. Everything that
a request is counted in is spent in one step of the Limiter. IPv6 addresses count by their /64, as one customer has one.
`docs/limits.md` is the operator's page about it, with the figures of a simulation.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import TypeVar

from heliograph.server.model import Allowance, Bucket, BucketState, Caller
from heliograph.server.ports import Limiter

T = TypeVar("T")

_PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_MOST_A_SECOND = 1_000_000
"""A Limiter reckons in microseconds, so more than this cannot be told apart."""

_RULE = re.compile(
    r"(\d+)\s*/\s*(second|minute|hour|day)(?:\s+(requests|posts|uploads))?\s+by\s+(address|application|account)"
)
_COST = re.compile(r"(\d+)\s+credits?\s+an\s+upload")
_COMBINATION = re.compile(r"refuse\s+when\s+(any|both)(?:\s+for\s+(\S+))?")


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `limit` in `period` seconds, counted by address, application or account.

    what: "requests" counts every API request, an upload by its cost in credits; "posts" counts requests of the method
    POST, and "uploads" uploads, each as one.
    """

    limit: int
    period: int
    by: str
    what: str = "requests"


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules, the credits that an upload costs, and when a request is refused: when "any" counter is used up, or "both".

    `refuse_when_for` holds the exceptions: an application's client id or an unregistered key -> "any" or "both".
    """

    rules: tuple[Rule, ...] = ()
    upload_cost: int = 1
    refuse_when: str = "any"
    refuse_when_for: Mapping[str, str] = field(default_factory=dict)


def parse_policy(text: str) -> Policy:
    """Read a policy; `off` has no rules. Raises ValueError, which quotes what is wrong."""
    if text.strip().lower() == "off":
        return Policy()
    parts = [part for each in re.split(r"[;\n]", text) if (part := each.strip())]
    unread, rules = _taken(
        parts, _RULE, lambda found: Rule(int(found[1]), _PERIODS[found[2]], found[4], found[3] or "requests")
    )
    unread, costs = _taken(unread, _COST, lambda found: int(found[1]))
    unread, combinations = _taken(unread, _COMBINATION, lambda found: (found[2], found[1]))
    if unread:
        raise ValueError(f"{unread[0]!r} is no rule such as '50/hour by address' or '1250/hour uploads by address'")
    words = dict(combinations)
    if len(costs) > 1 or len(words) < len(combinations):
        raise ValueError("the credits of an upload, or when to refuse, are said twice")
    policy = Policy(tuple(rules), costs[0] if costs else 1, words.pop(None, "any"), words)
    _check(policy)
    return policy


def _taken(
    parts: Sequence[str], pattern: re.Pattern[str], read: Callable[[re.Match[str]], T]
) -> tuple[list[str], list[T]]:
    """The parts that are not of this pattern, and what those say that are."""
    found = [pattern.fullmatch(part) for part in parts]
    return [part for part, match in zip(parts, found, strict=True) if not match], [
        read(match) for match in found if match
    ]


def _check(policy: Policy) -> None:
    for rule in policy.rules:
        said = f"'{rule.limit} {rule.what} in {rule.period} seconds by {rule.by}'"
        cost = policy.upload_cost if rule.what == "requests" else 1
        if rule.limit < max(1, cost):
            raise ValueError(f"{said} would never let an upload through")
        if rule.limit > rule.period * _MOST_A_SECOND:
            raise ValueError(f"{said} is more than can be counted")
    if len({(rule.by, rule.what, rule.period) for rule in policy.rules}) < len(policy.rules):
        raise ValueError("two rules count the same thing over the same time")


class Limits:
    """Applies a policy through a Limiter."""

    def __init__(self, policy: Policy, limiter: Limiter) -> None:
        self._policy = policy
        self._limiter = limiter

    async def spend(self, caller: Caller, *, post: bool = False, upload: bool = False) -> Allowance:
        """Count one API request of the caller, which is a POST or not, an upload or not; says whether it is allowed."""
        counted = [rule for rule in self._policy.rules if {"posts": post, "uploads": upload}.get(rule.what, True)]
        cost = self._policy.upload_cost if upload else 1
        buckets = [bucket for rule in counted if (bucket := _bucket(rule, caller, cost))]
        needed, sides = self._combined(caller, buckets)
        return await self._limiter.spend(needed, sides)

    async def left(self, caller: Caller) -> tuple[BucketState, ...]:
        """What an upload of the caller by POST would be counted in, each as it is now. Takes nothing."""
        cost = self._policy.upload_cost
        buckets = [bucket for rule in self._policy.rules if (bucket := _bucket(rule, caller, cost))]
        seen = await self._limiter.spend([replace(bucket, cost=0) for bucket in buckets])
        known = {(state.bucket.name, state.bucket.period): state for state in seen.buckets}
        return tuple(
            replace(known[key], bucket=bucket) for bucket in buckets if (key := (bucket.name, bucket.period)) in known
        )

    def _combined(self, caller: Caller, buckets: list[Bucket]) -> tuple[list[Bucket], list[list[Bucket]]]:
        """The buckets that all must have room, and the sides of which one must.

        An unregistered key has no side under `both`: anybody can invent one for each request, and so could pass any
        limit. Neither does it count against anybody there. Where only one side has rules, they hold as under `any`.
        """
        named = self._policy.refuse_when_for.get(caller.key or "")
        if (named or self._policy.refuse_when) == "any":
            return buckets, []
        by = {
            side: [bucket for bucket in buckets if bucket.by == side] for side in ("address", "application", "account")
        }
        if not by["address"] or not by["application"]:
            return buckets, []
        if named is None and caller.application is None:
            return by["address"] + by["account"], []
        return by["account"], [by["address"], by["application"]]


def _bucket(rule: Rule, caller: Caller, cost: int) -> Bucket | None:
    """The counter that the rule means for this caller; None where the caller has no such side."""
    who = {
        "address": network_of(caller.address),
        "application": caller.key,
        "account": str(caller.account.id) if caller.account else None,
    }[rule.by]
    if not who:
        return None
    name = f"{rule.by}:{rule.what}:{who}"
    return Bucket(name, rule.limit, rule.period, cost if rule.what == "requests" else 1)


def network_of(address: str) -> str:
    """What an address counts as: an IPv6 address as its /64, an IPv4-mapped one as the IPv4 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False))
