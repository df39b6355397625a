"""The way to GitHub: pick a token, pace, send, report, decide. Never sleeps.

A call of the pool tries the next token where one is refused (401), may not see what is asked for (403, 404) or has to
wait; each token at most once, MOST_TOKENS in all. Refusals by a limit come back as a `Wait` for the caller to bear.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from github_cache import room
from github_cache.upstream import attempts, credentials
from github_cache.upstream.attempts import Attempt, Bearer, Streamed
from github_cache.upstream.errors import NoCredential
from github_cache.upstream.protocol import RATE_LIMIT, Call, Reply
from ratelimit import quota
from ratelimit.budget import Lane
from ratelimit.governor import governor
from ratelimit.quota import Quota
from ratelimit.verdict import GiveUp, Wait, Why

MOST_TOKENS = 4
_NOT_FOR_THIS_TOKEN = frozenset({Why.NOT_FOUND, Why.PERMISSION})


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """What GitHub says is left of an account's buckets; `name` is the credential's."""

    name: str
    account: str
    identity: str
    quotas: tuple[Quota, ...]


def send(
    call: Call, *, tenant: str, lane: Lane, bearer: Bearer | None = None, prefer: str | None = None
) -> Reply | Wait:
    """GitHub's answer to `call`, or how long to wait for it.

    With a `bearer` that token asks and no other. Without one the tenant's pool does; `prefer` is the identity whose
    validators the call bears, which are left out where another token asks. What GitHub says no to (4xx that is no
    limit) is a Reply. Raises Unreachable, BadAnswer, NoCredential.
    """
    if bearer is None:
        return _by_pool(call, tenant, lane, prefer)
    outcome = attempts.attempt(call, bearer, lane)
    return outcome if isinstance(outcome, Wait) else outcome.reply


def _by_pool(call: Call, tenant: str, lane: Lane, prefer: str | None) -> Reply | Wait:
    waits: dict[str, Wait] = {}
    denied: Reply | None = None
    chosen = credentials.pick(tenant, bucket=call.bucket, subject=call.subject, prefer=prefer)
    for bearer in chosen[:MOST_TOKENS]:
        if bearer.account in waits:
            continue
        asked = call if bearer.identity == prefer else call.unconditional()
        outcome = attempts.attempt(asked, bearer, lane)
        if isinstance(outcome, Wait):
            waits[bearer.account] = outcome
        elif _is(outcome, Why.BAD_CREDENTIALS):
            credentials.refused(bearer)
        elif outcome.verdict.why in _NOT_FOR_THIS_TOKEN and call.subject:
            credentials.note_lack(bearer, call.subject)
            denied = denied or outcome.reply
        else:
            credentials.accepted(bearer)
            return outcome.reply
    if denied is not None:
        return denied
    if waits:
        return min(waits.values(), key=lambda wait: wait.seconds)
    raise NoCredential(f"GitHub refused every credential of tenant {tenant!r} with 401: look at their health")


def _is(outcome: Attempt, why: Why) -> bool:
    return isinstance(outcome.verdict, GiveUp) and outcome.verdict.why is why


@contextlib.contextmanager
def stream(call: Call, *, tenant: str, lane: Lane, bearer: Bearer | None = None) -> Iterator[Streamed | Wait]:
    """The same for a large body, read piece by piece within the block. One token is tried.

    Raises Unreachable, BadAnswer (also while the body is read), NoCredential.
    """
    asking = bearer or credentials.pick(tenant, bucket=call.bucket, subject=call.subject)[0]
    with attempts.stream(call, asking, lane) as streamed:
        if bearer is None and isinstance(streamed, Streamed) and streamed.status == 401:
            credentials.refused(asking)
        yield streamed


def rate_limit(tenant: str) -> tuple[AccountLimits, ...] | Wait:
    """What GitHub says of every account of the pool, which is free of cost; the governor learns it.

    A credential that GitHub refuses rests and is left out. Raises Unreachable, BadAnswer, NoCredential.
    """
    found: dict[str, AccountLimits] = {}
    for bearer in credentials.pick(tenant, bucket="rate_limit"):
        if bearer.account not in found:
            answer = rate_limit_of(bearer)
            if isinstance(answer, Wait):
                return answer
            if answer is not None:
                found[bearer.account] = answer
            else:
                credentials.refused(bearer)
    return tuple(found.values())


def rate_limit_of(bearer: Bearer) -> AccountLimits | Wait | None:
    """The same of one token; None where GitHub does not accept it. Raises Unreachable and BadAnswer.

    A Wait too where the process has no room for one more who waits for GitHub.
    """
    with room.seat() as got:
        outcome = attempts.attempt(Call("GET", RATE_LIMIT, cost=0), bearer, Lane.INTERACTIVE) if got else room.NO_ROOM
    if isinstance(outcome, Wait):
        return outcome
    if _is(outcome, Why.BAD_CREDENTIALS):
        return None
    body = outcome.reply.json()
    resources = body.get("resources") if isinstance(body, Mapping) else None
    if not isinstance(resources, Mapping):
        return AccountLimits(bearer.name, bearer.account, bearer.identity, ())
    read = (quota.from_graphql(each, name) for name, each in resources.items() if isinstance(each, Mapping))
    quotas = tuple(found for found in read if found is not None)
    for each in quotas:
        governor().learn(bearer.account, each)
    return AccountLimits(bearer.name, bearer.account, bearer.identity, quotas)
