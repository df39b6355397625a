"""One attempt with one token: ask the governor, send, judge, report. Never sleeps, never tries twice.

A rate limit, ours or GitHub's, comes back as a `Wait`; what GitHub says no to comes back as a reply with its verdict;
troubles of the network and of GitHub's own are raised.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from github_cache import metrics
from github_cache.upstream import tally, transport
from github_cache.upstream.errors import BadAnswer, Unreachable
from github_cache.upstream.protocol import Call, Reply
from github_cache.upstream.transport import Raw
from ratelimit import deferred, live, quota, verdict
from ratelimit.budget import Lane
from ratelimit.governor import Ask, Grant, Kind, governor
from ratelimit.verdict import PRIMARY, SECONDARY, Answer, GiveUp, Proceed, Verdict, Wait, Why


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token and whose it is. `account` names the ledger that all tokens of one user, or all tokens of one App
    installation, share; `identity` is the token's SHA-256, which stands in keys and logs in its place."""

    account: str
    identity: str
    name: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A reply that is no rate limit, and what it means."""

    reply: Reply
    verdict: Proceed | GiveUp


@dataclass(frozen=True, slots=True)
class Streamed:
    """The head of a reply whose body is read piece by piece, once, within the block that it was opened in."""

    status: int
    headers: transport.Headers
    chunks: Iterator[bytes]


@dataclass(slots=True)
class _Outcome:
    """What the governor is told at the end. Until an answer is there, it was the network."""

    quota: "quota.Quota | None" = None
    cost: int | None = None
    status: str = "none"
    verdict: Verdict = field(default_factory=lambda: Wait(0.0, Why.NETWORK))


def attempt(call: Call, bearer: Bearer, lane: Lane) -> Attempt | Wait:
    """Send `call` as `bearer`, if the governor lets it pass. Raises Unreachable and BadAnswer."""
    grant = _reserved(call, bearer, lane)
    if isinstance(grant, Wait):
        return grant
    started = time.perf_counter()
    with _reporting(call, grant) as outcome, transport.send(call, bearer.token, _timeouts()) as raw:
        body = b"" if call.method == "HEAD" else raw.body()
        reply = Reply(raw.status, raw.headers, body, time.perf_counter() - started, bearer.identity)
        judged = _judged(call, raw, body, outcome)
        metrics.GITHUB_SECONDS.labels(_api(call)).observe(reply.seconds)
        if isinstance(judged, Proceed) and call.method != "HEAD":
            _check_readable(call, reply)
    return _limit(judged, reply.status) if isinstance(judged, Wait) else Attempt(reply, judged)


@contextlib.contextmanager
def stream(call: Call, bearer: Bearer, lane: Lane) -> Iterator[Streamed | Wait]:
    """The same for a body that is too large to be held: read it within the block. Its slot is taken until the end.

    Raises Unreachable and BadAnswer, also while the body is read.
    """
    grant = _reserved(call, bearer, lane)
    if isinstance(grant, Wait):
        yield grant
        return
    sent = transport.send(call, bearer.token, _timeouts(), as_stored=True)
    with _reporting(call, grant) as outcome, sent as raw:
        refusal = raw.body() if raw.status >= 400 else b""
        judged = _judged(call, raw, refusal, outcome)
        if isinstance(judged, Wait):
            yield _limit(judged, raw.status)
        else:
            yield Streamed(raw.status, raw.headers, iter((refusal,)) if refusal else raw.chunks())


def _reserved(call: Call, bearer: Bearer, lane: Lane) -> Grant | Wait:
    deferred.enforce()
    ask = Ask(
        account=bearer.account,
        bucket=call.bucket,
        lane=lane,
        cost=call.cost,
        kind=Kind(call.kind),
        graphql=call.graphql,
    )
    return governor().reserve(ask, time.time())


@contextlib.contextmanager
def _reporting(call: Call, grant: Grant) -> Iterator[_Outcome]:
    """Whatever becomes of the call, the governor hears of it and the slot is given back."""
    outcome = _Outcome()
    try:
        yield outcome
    except Unreachable as error:
        outcome.cost = None if error.sent else 0
        metrics.GITHUB_ERRORS.labels(_api(call), (Why.TIME_OUT if error.timed_out else Why.NETWORK).value).inc()
        raise
    except BadAnswer:
        metrics.GITHUB_ERRORS.labels(_api(call), Why.UNREADABLE.value).inc()
        raise
    finally:
        governor().report(grant, outcome.quota, outcome.cost, outcome.verdict, time.time())
        tally.count(call.cost if outcome.cost is None else outcome.cost)
        metrics.GITHUB_REQUESTS.labels(_api(call), call.method, outcome.status).inc()


def _judged(call: Call, raw: Raw, body: bytes, outcome: _Outcome) -> Verdict:
    """The verdict on an answer, noted in `outcome` with what the answer says of the quota."""
    now = time.time()
    answer = Answer(raw.status, raw.headers, body, call.graphql)
    outcome.status = str(raw.status)
    outcome.quota = quota.from_headers(raw.headers, call.bucket, now=now)
    outcome.cost = 0 if raw.status == 304 else None
    outcome.verdict = verdict.judge(answer, now=now, attempt=1, policy=live.policy().backoff)
    if raw.status == 401:
        # It tells of the address's own 60 calls: the token is nobody's.
        outcome.quota = None
    if not isinstance(outcome.verdict, Proceed):
        metrics.GITHUB_ERRORS.labels(_api(call), outcome.verdict.why.value).inc()
    return outcome.verdict


def _limit(judged: Wait, status: int) -> Wait:
    """A rate limit as it is. Raises BadAnswer for troubles of GitHub's own, which are no limit."""
    if judged.why in PRIMARY | SECONDARY:
        return judged
    if judged.why is Why.HICCUP:
        raise BadAnswer("GitHub's GraphQL API failed: something went wrong while executing the query", 502)
    if judged.why is Why.UNREADABLE:
        raise BadAnswer(f"GitHub answered {status} with something else than JSON", status)
    raise BadAnswer(f"GitHub failed with status {status}", status)


def _check_readable(call: Call, reply: Reply) -> None:
    """Raises BadAnswer for a success that is an HTML page which nobody asked for (some proxy's, or an error page under
    a wrong status), and for JSON that is none, as where an answer was cut off with a length to match."""
    kind = reply.headers.get("Content-Type", "")
    if kind.startswith("text/html") and reply.body and reply.status < 300:
        accept = call.sent_headers()["Accept"]
        if call.graphql or not any(word in accept for word in ("html", "*/*", "raw")):
            raise BadAnswer(f"GitHub answered {reply.status} with an HTML page in place of JSON", reply.status)
    if kind.startswith("application/json") and (reply.body or reply.status == 200):
        reply.json()


def _timeouts() -> transport.Timeouts:
    value = live.policy().value
    return transport.Timeouts(value("GITHUB_CONNECT_TIMEOUT"), value("GITHUB_READ_TIMEOUT"))


def _api(call: Call) -> str:
    return "graphql" if call.graphql else "rest"
