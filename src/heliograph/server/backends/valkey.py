"""Rate limits counted in one Valkey, shared by many servers.

Hides the script that makes a spend one atomic step, and what happens while Valkey is away. The algorithm is that of
the limiter in memory (GCRA, told there) in whole microseconds, on Valkey's clock, so that servers need not agree about
the time; where that clock is set back, a counter is empty at worst. Numbers stay below 2^53, where Lua's are exact. A
bucket is a key that expires when it is full again.

When Valkey fails or does not answer within DEADLINE, the request is let through and counted in `let_through`, and for
PAUSE seconds nobody asks again; then one request does, while others still pass. So an outage costs one request in
PAUSE, and those under way when it begins, at most twice DEADLINE each.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from valkey.asyncio import BlockingConnectionPool, Valkey
from valkey.exceptions import ValkeyError

from heliograph.server.errors import StorageUnavailable
from heliograph.server.model import Allowance, Bucket, BucketState
from heliograph.server.ports import Limiter

log = logging.getLogger("heliograph")

DEADLINE = 0.25
"""Seconds that Valkey may take for a spend, connecting included."""

PAUSE = 1.0
"""Seconds without asking after a failure."""

_CONNECTIONS = 16
_SECOND = 1_000_000

# KEYS: the buckets. ARGV: how many groups there are; then for each bucket its group (0 must have room; of the others
# one must), cost, and three times in microseconds: in which a unit comes back, in which an empty bucket fills, and its
# period, which is the wait for a cost that it can never hold. Answers with the microseconds to wait, and those until
# each bucket is full again.
_SPEND = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local groups = tonumber(ARGV[1])
local before, after, group_of, waits = {}, {}, {}, {}
for group = 0, groups - 1 do waits[group] = 0 end
for i, key in ipairs(KEYS) do
  local at = 5 * i - 3
  local group, cost, unit = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local room, period = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  if not before[key] then
    local full_at = tonumber(redis.call('GET', key) or now)
    before[key] = math.min(math.max(full_at, now), now + room)
    after[key] = before[key]
    group_of[key] = group
  end
  after[key] = after[key] + cost * unit
  if cost * unit > room then
    waits[group] = math.max(waits[group], period)
  else
    waits[group] = math.max(waits[group], after[key] - now - room)
  end
end
local wait = waits[0]
if groups > 1 then
  local least = waits[1]
  for group = 2, groups - 1 do least = math.min(least, waits[group]) end
  wait = math.max(wait, least)
end
local answer = {wait}
for i, key in ipairs(KEYS) do
  local moment = before[key]
  if wait <= 0 and waits[group_of[key]] <= 0 then moment = after[key] end
  answer[i + 1] = moment - now
end
for key, group in pairs(group_of) do
  if wait <= 0 and waits[group] <= 0 and after[key] > now then
    local lasts = math.ceil((after[key] - now) / 1000)
    redis.call('SET', key, string.format('%.0f', after[key]), 'PX', lasts)
  end
end
return answer
"""


class ValkeyLimiter(Limiter):
    """Buckets in the Valkey at `url`: valkey://HOST:PORT/DATABASE, valkeys:// with TLS, or unix://PATH.

    Raises ValueError where the URL is none; connects when first asked. One event loop may use it. All buckets of a
    spend must lie on one server: a sharded cluster refuses the script.
    """

    def __init__(self, url: str) -> None:
        self.let_through = 0
        # The client's own timeouts as well (5 s by default): it was seen to wait one of them out after DEADLINE.
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=None,
            socket_timeout=DEADLINE,
            socket_connect_timeout=DEADLINE,
        )
        self._client = Valkey(connection_pool=pool)
        self._script = self._client.register_script(_SPEND)
        self._ask_again_at = 0.0

    async def spend(self, buckets: Sequence[Bucket], sides: Sequence[Sequence[Bucket]] = ()) -> Allowance:
        """Take each bucket's cost where there is room, as the port says."""
        groups = (buckets, *sides)
        asked = [bucket for group in groups for bucket in group]
        if not asked:
            return Allowance(allowed=True)
        try:
            async with self._asking():
                answer = await self._script([_key(bucket) for bucket in asked], _arguments(groups))
        except StorageUnavailable:
            self.let_through += 1
            return Allowance(allowed=True)
        wait, *until_full = (int(each) for each in answer)
        states = tuple(map(_state, asked, until_full))
        return Allowance(allowed=wait <= 0, buckets=states, retry_after=_whole_seconds(wait))

    async def reachable(self) -> None:
        """Raise StorageUnavailable where Valkey does not answer, or did not within the last PAUSE seconds."""
        async with self._asking():
            await self._client.ping()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.connection_pool.disconnect()

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """Around whatever asks Valkey. Raises StorageUnavailable where it is away, at once where that is known."""
        now = time.monotonic()
        if now < self._ask_again_at:
            raise StorageUnavailable
        away = self._ask_again_at > 0
        if away:
            self._ask_again_at = now + PAUSE  # while this one tries, others need not
        try:
            async with asyncio.timeout(DEADLINE):
                yield
        except (ValkeyError, OSError) as failure:
            known, self._ask_again_at = self._ask_again_at > 0, time.monotonic() + PAUSE
            if not known:
                log.warning("Valkey is away, requests are let through uncounted: %s", type(failure).__name__)
            raise StorageUnavailable from failure
        self._ask_again_at = 0.0
        if away:
            log.warning("Valkey is back, requests are counted again")


def _key(bucket: Bucket) -> bytes:
    """The bucket's key: what distinguishes it, and a prefix, as the database may hold other things."""
    return f"heliograph:limit:{bucket.period}:{bucket.name}".encode("utf-8", "surrogatepass")


def _arguments(groups: Sequence[Sequence[Bucket]]) -> list[int]:
    """What the script takes after the keys."""
    arguments = [len(groups)]
    for group, buckets in enumerate(groups):
        for bucket in buckets:
            arguments += [group, bucket.cost, *_measure(bucket), bucket.period * _SECOND]
    return arguments


def _measure(bucket: Bucket) -> tuple[int, int]:
    """Microseconds in which one unit comes back, and in which an empty bucket fills: whole, so that sums are exact."""
    if bucket.limit <= 0:
        return bucket.period * _SECOND, 0
    unit = max(1, bucket.period * _SECOND // bucket.limit)
    return unit, unit * bucket.limit


def _state(bucket: Bucket, until_full: int) -> BucketState:
    unit, room = _measure(bucket)
    return BucketState(bucket, left=max(0, (room - until_full) // unit), resets_in=_whole_seconds(until_full))


def _whole_seconds(microseconds: int) -> int:
    """Seconds, rounded up; 0 for what is past."""
    return max(0, -(-microseconds // _SECOND))
