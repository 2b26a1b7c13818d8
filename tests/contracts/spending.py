"""One of several processes that spend from the same buckets: `python -m tests.contracts.spending URL SPENDS LIMIT`.

Says "ready", waits for a line, spends concurrently, and says how many spends were admitted.
"""

import asyncio
import sys

from heliograph.server.backends import valkey
from heliograph.server.backends.valkey import ValkeyLimiter
from heliograph.server.model import Bucket


async def main(url: str, spends: int, limit: int) -> None:
    valkey.DEADLINE = 60.0  # a busy machine is no outage, in which all would be let through
    limiter = ValkeyLimiter(url)
    await limiter.reachable()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    buckets = [Bucket("address:uploads:192.0.2.1", limit, 3600), Bucket("application:uploads:a", 1000, 3600)]
    allowances = await asyncio.gather(*(limiter.spend(buckets) for _ in range(spends)))
    assert limiter.let_through == 0
    sys.stdout.write(f"{sum(allowance.allowed for allowance in allowances)}\n")
    await limiter.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
