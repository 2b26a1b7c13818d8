"""The rate limit policy: what is counted, by whom, and what each request spends.

A policy reads `1250/hour uploads by address; 12500/day uploads by application`. Every rule that fits a request is spent
from in one step; the request is refused when any is used up. IPv6 addresses count by their /64, as one customer has
one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from heliograph.server.errors import UploadLimitReached
from heliograph.server.model import Allowance, Bucket, Caller
from heliograph.server.ports import Limiter

_PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_RULE = re.compile(r"(\d+)\s*/\s*(second|minute|hour|day)\s+uploads\s+by\s+(address|application|account)\Z")


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `limit` uploads in `period` seconds, counted by address, application or account."""

    limit: int
    period: int
    by: str


def parse_policy(text: str) -> tuple[Rule, ...]:
    """Read a policy; `off` has no rules. Raises ValueError, which quotes the rule that is wrong."""
    if text.strip().lower() == "off":
        return ()
    rules = []
    for part in filter(None, (each.strip() for each in re.split(r"[;\n]", text))):
        found = _RULE.match(part)
        if not found or int(found[1]) == 0:
            raise ValueError(f"{part!r} is no rule such as '1250/hour uploads by address'")
        rules.append(Rule(int(found[1]), _PERIODS[found[2]], found[3]))
    return tuple(rules)


class Limits:
    """Applies a policy through a Limiter."""

    def __init__(self, rules: Sequence[Rule], limiter: Limiter) -> None:
        self._rules = rules
        self._limiter = limiter

    async def admit_upload(self, caller: Caller) -> Allowance:
        """Count one upload of the caller. Raises UploadLimitReached, which knows the seconds to wait."""
        buckets = [bucket for rule in self._rules if (bucket := _bucket(rule, caller))]
        if not buckets:
            return Allowance(allowed=True)
        allowance = await self._limiter.spend(buckets)
        if not allowance.allowed:
            raise UploadLimitReached(retry_after=allowance.retry_after)
        return allowance


def _bucket(rule: Rule, caller: Caller) -> Bucket | None:
    """The counter that the rule means for this caller; None where the caller has no such side."""
    who = {
        "address": network_of(caller.address),
        "application": caller.key,
        "account": str(caller.account.id) if caller.account else None,
    }[rule.by]
    return Bucket(f"{rule.by}:{rule.period}:{who}", rule.limit, rule.period) if who else None


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
