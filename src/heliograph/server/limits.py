"""The rate limit policy: what is counted, by whom, what a request costs, and which counters may refuse it.

A policy reads `500/hour by address; 12500/day by application; 10 credits an upload; refuse when both`. Everything that
a request is counted in is spent in one step of the Limiter. IPv6 addresses count by their /64, as one customer has one.
`docs/limits.md` is the operator's page about it, with the figures of a simulation.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TypeVar

from heliograph.server.model import Allowance, Bucket, Caller
from heliograph.server.ports import Limiter

T = TypeVar("T")

_PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_MOST_A_SECOND = 1_000_000
"""A Limiter reckons in microseconds, so more than this cannot be told apart."""

_RULE = re.compile(
    r"(\d+)\s*/\s*(second|minute|hour|day)(?:\s+(requests|posts|uploads))?\s+by\s+(address|application|account)"
)
_OWN_RULE = re.compile(r"(\d+)\s*/\s*(second|minute|hour|day)(?:\s+(requests|posts|uploads))?(?:\s+by\s+application)?")
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


@lru_cache(1000)
def own_rules(text: str) -> tuple[Rule, ...]:
    """The rules of one application, such as `50000/day uploads; 100/minute`, in place of the general ones.

    `off` has none. Raises ValueError, which quotes what is wrong.
    """
    if text.strip().lower() == "off":
        return ()
    parts = [part for each in re.split(r"[;\n]", text) if (part := each.strip())]
    unread, rules = _taken(
        parts, _OWN_RULE, lambda found: Rule(int(found[1]), _PERIODS[found[2]], "application", found[3] or "requests")
    )
    if unread or not rules:
        raise ValueError(f"{(unread or [text])[0]!r} is no rule such as '100/minute' or '50000/day uploads'")
    _check(Policy(tuple(rules)))
    return tuple(rules)


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
    """Applies a policy through a Limiter. `refusals` counts refused requests by whose counter was used up."""

    def __init__(self, policy: Policy, limiter: Limiter) -> None:
        self._policy = policy
        self._limiter = limiter
        self.refusals: Counter[str] = Counter()

    async def spend(self, caller: Caller, *, post: bool = False, upload: bool = False, look: bool = False) -> Allowance:
        """Count one API request of the caller, which is a POST or not, an upload or not; says whether it is allowed.

        look: it asks what is left, and is also told of the counters of posts and uploads, from which it takes nothing.
        """
        costs = {"requests": self._policy.upload_cost if upload else 1, "posts": int(post), "uploads": int(upload)}
        counted = [rule for rule in self._rules(caller) if look or costs[rule.what]]
        buckets = [bucket for rule in counted if (bucket := _bucket(rule, caller, costs[rule.what]))]
        needed, sides = self._combined(caller, buckets)
        allowance = await self._limiter.spend(needed, sides)
        if not allowance.allowed:
            self.refusals.update({each.bucket.by for each in allowance.buckets if not each.left_for})
        return allowance

    def _rules(self, caller: Caller) -> Sequence[Rule]:
        """The policy's rules, those by application exchanged for the application's own, where it has some."""
        own = caller.application.limits if caller.application else None
        if own is None:
            return self._policy.rules
        return [*(rule for rule in self._policy.rules if rule.by != "application"), *own_rules(own)]

    def _combined(self, caller: Caller, buckets: list[Bucket]) -> tuple[list[Bucket], list[list[Bucket]]]:
        """The buckets that all must have room, and the sides of which one must.

        An unregistered key has no side under `both`: anybody can invent one for each request, and so could pass any
        limit. Neither does it count against anybody there. Where only one side has rules, they hold as under `any`.
        An application that anybody could register is as good as invented, unless the operator gave it limits.
        """
        known = caller.application
        exceptions = self._policy.refuse_when_for
        named = exceptions.get(caller.key or "") or exceptions.get(known.key if known else "")
        if (named or self._policy.refuse_when) == "any":
            return buckets, []
        by = {
            side: [bucket for bucket in buckets if bucket.by == side] for side in ("address", "application", "account")
        }
        if not by["address"] or not by["application"]:
            return buckets, []
        if named is None and (known is None or (known.by_anybody and known.limits is None)):
            return by["address"] + by["account"], []
        return by["account"], [by["address"], by["application"]]


class Guard(Limiter):
    """Slows what must be slowed always, such as guessing: by `shared`, and by `own` while that lets everything through.

    `own` counts in this process alone and has no outage.
    """

    def __init__(self, shared: Limiter, own: Limiter) -> None:
        self.let_through = 0
        self._shared = shared
        self._own = own

    async def spend(self, buckets: Sequence[Bucket], sides: Sequence[Sequence[Bucket]] = ()) -> Allowance:
        """Take each bucket's cost, as the port says."""
        allowance = await self._shared.spend(buckets, sides)
        return allowance if allowance.buckets else await self._own.spend(buckets, sides)

    async def reachable(self) -> None:
        """Raise StorageUnavailable where only `own` counts."""
        await self._shared.reachable()

    async def close(self) -> None:
        """Let go of what stands behind."""
        await self._shared.close()


def _bucket(rule: Rule, caller: Caller, cost: int) -> Bucket | None:
    """The counter that the rule means for this caller; None where the caller has no such side."""
    who = {
        "address": network_of(caller.address),
        "application": _counted_key(rule, caller),
        "account": str(caller.account.id) if caller.account else None,
    }[rule.by]
    if not who:
        return None
    name = f"{rule.by}:{rule.what}:{who}"
    return Bucket(name, rule.limit, rule.period, cost)


def _counted_key(rule: Rule, caller: Caller) -> str | None:
    """What an application's counter goes by: nobody can make up a key that is counted with a registered application.

    A counter of the application's own limits goes by the limit too, so that a new limit begins with a full counter.
    """
    if caller.application is None:
        return f"?{caller.key}" if caller.key else None
    return f"{caller.key}/{rule.limit}" if caller.application.limits is not None else caller.key


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
