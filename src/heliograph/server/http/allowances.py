"""Who calls, counted: every API request of every dialect comes through here before anything is done for it.

What the limits said is kept with the request, so that a dialect can say it in its own headers on every answer, on
refusals too.
"""

from collections.abc import Awaitable, Iterable

from starlette.requests import Request

from heliograph.server.callers import Callers
from heliograph.server.errors import HeliographError, UploadLimitReached
from heliograph.server.limits import Limits
from heliograph.server.model import Allowance, Bucket, BucketState, Caller

_KEPT_AS = "allowance"


async def admitted(
    request: Request,
    callers: Callers,
    limits: Limits,
    *,
    key: str | None = None,
    token: str | None = None,
    upload: bool = False,
    scope: str = "images:write",
    look: bool = False,
) -> Caller:
    """Who makes the request, counted as one request, or as one upload, which a token needs the scope for; with `look`
    as one that is told of all that is left.

    Raises UploadLimitReached, which knows the seconds to wait; InvalidToken and UnknownKey; NoKeySent for an upload by
    nobody; QuotaExceeded for a picture that its account can have no room for.
    """
    address = request.scope["state"]["address"]
    identified = callers.identify(address, key=key, token=token)
    return await admitted_as(request, identified, callers, limits, upload=upload, scope=scope, look=look)


async def admitted_as(
    request: Request,
    identified: Awaitable[Caller],
    callers: Callers,
    limits: Limits,
    *,
    upload: bool = False,
    scope: str = "images:write",
    look: bool = False,
    replays: bool = False,
) -> Caller:
    """The same where a dialect has credentials of its own: `identified` says who it is, or raises its failure.

    replays: the dialect sees itself to an account that has no room, as it may give an earlier answer again.
    """
    try:
        caller = await identified
        if upload:
            callers.may_upload(caller, scope)
    except HeliographError:
        await count(request, limits, Caller(request.scope["state"]["address"]))
        raise
    await count(request, limits, caller, upload=upload, look=look)
    if upload and scope == "images:write" and not replays:  # an album takes no room
        await callers.must_have_room(caller)
    return caller


async def count(request: Request, limits: Limits, caller: Caller, *, upload: bool = False, look: bool = False) -> None:
    """Count a request of a caller who is known already, or one upload. Raises UploadLimitReached."""
    allowance = await limits.spend(caller, post=request.method == "POST", upload=upload, look=look)
    request.scope["state"][_KEPT_AS] = allowance
    if not allowance.allowed:
        words = None if upload else "Too many requests for now."
        raise UploadLimitReached(words, retry_after=allowance.retry_after)


def was_counted(request: Request) -> bool:
    """Whether the request has come through here: some addresses are for everybody, and cost nothing."""
    return _KEPT_AS in request.scope["state"]


def allowance_of(request: Request) -> Allowance:
    """What the limits said of this request; without buckets where it was not counted."""
    kept: Allowance = request.scope["state"].get(_KEPT_AS, Allowance(allowed=True))
    return kept


def nearest(states: Iterable[BucketState]) -> list[BucketState]:
    """The buckets in the order in which they would refuse more requests such as this one."""
    return sorted(states, key=lambda state: (state.left_for, -state.resets_in))


def rate_limit_fields(request: Request) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit` (IETF draft ratelimit-headers, 2025), the bucket that is nearest to its end
    first: what is left is what the next request meets, and `t` is the seconds until all of it is back.
    """
    states = nearest(allowance_of(request).buckets)
    if not states:
        return {}
    policies = (f"{_policy_name(each.bucket)};q={each.bucket.limit};w={each.bucket.period}" for each in states)
    left = (f"{_policy_name(each.bucket)};r={each.left};t={each.resets_in}" for each in states)
    return {"ratelimit-policy": ", ".join(policies), "ratelimit": ", ".join(left)}


def _policy_name(bucket: Bucket) -> str:
    """A quoted name that no other bucket of the same answer has; it does not say who is counted."""
    return f'"{bucket.what}-by-{bucket.by}-{bucket.period}"'
