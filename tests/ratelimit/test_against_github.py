"""Many workers against the limits that the sandbox keeps as GitHub does, on a clock that jumps from event to event.

The sandbox's books are the other side; between them and the governor lie latencies, answers out of order and windows
that begin wherever they like.
"""

import heapq
import itertools
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from github_sandbox.limits import Limiter
from ratelimit.backoff import BackoffPolicy
from ratelimit.budget import Lane
from ratelimit.governor import Ask, Governor
from ratelimit.ledger import Kind
from ratelimit.quota import from_headers
from ratelimit.verdict import Answer, Proceed, Wait, judge

START = 1_790_000_000.37
POLICY = BackoffPolicy()
POINTS = {Kind.READ: 1, Kind.WRITE: 5, Kind.CONTENT: 5}


@dataclass
class Scene:
    """Workers that each send one call after the other, as soon as the governor lets them."""

    governor: Governor
    users: dict[str, str]  # token -> user, whose tokens share the allowance
    github: Limiter = field(default_factory=Limiter)
    served: Counter = field(default_factory=Counter)  # (token's user, window's reset) -> calls
    refused: int = 0
    most_in_flight: int = 0
    now: float = START

    def run(self, asks: list[tuple[str, Ask]], *, until: float, calls: int = 10**9) -> None:
        """`asks` gives each worker its token and what it asks for; runs for `until` seconds or so many calls."""
        order, dice = itertools.count(), random.Random(7)
        events = [(START + dice.random(), next(order), "ask", worker, None) for worker in range(len(asks))]
        heapq.heapify(events)
        sent = 0

        def later(seconds: float, what: str, worker: int, state: object = None) -> None:
            heapq.heappush(events, (self.now + seconds, next(order), what, worker, state))

        while events:
            self.now, _, what, worker, state = heapq.heappop(events)
            token, ask = asks[worker]
            who = self.users[token]
            if what == "ask":
                if sent >= calls or self.now - START > until:
                    continue
                answer = self.governor.reserve(ask, self.now)
                if isinstance(answer, Wait):
                    later(answer.seconds + dice.random() * 0.01, "ask", worker)
                else:
                    sent += 1
                    later(dice.random() * 0.2, "arrive", worker, answer)
            elif what == "arrive":
                self.github.enter(who)
                self.most_in_flight = max(self.most_in_flight, self.github._recent[who].in_flight)
                later(dice.random() * 0.8, "answer", worker, (state, self._serve(who, ask)))
            else:
                self.github.leave(who)
                grant, answer = state
                verdict = judge(answer, now=self.now, attempt=1, policy=POLICY)
                self.refused += not isinstance(verdict, Proceed)
                self.governor.report(grant, from_headers(answer.headers, now=self.now), 1, verdict, self.now)
                later(0.0, "ask", worker)

    def _serve(self, who: str, ask: Ask) -> Answer:
        quota = self.github.quota(who, ask.bucket, self.now)
        body, status = b"{}", 200
        if quota.remaining == 0:
            status, body = 403, b'{"message": "API rate limit exceeded for user ID 1."}'
        elif self.github.admit(who, ask.bucket, POINTS[ask.kind], int(ask.kind is Kind.CONTENT), self.now):
            status, body = 403, b'{"message": "You have exceeded a secondary rate limit."}'
        else:
            quota = self.github.charge(who, ask.bucket, 1, self.now)
            self.served[who, quota.reset] += 1
        headers = {
            f"X-RateLimit-{name.title()}": str(getattr(quota, name)) for name in ("limit", "remaining", "used", "reset")
        }
        return Answer(status, {**headers, "X-RateLimit-Resource": ask.bucket}, body)


@pytest.fixture(params=["redis", "local"])
def governor(request) -> Governor:
    return Governor(request.getfixturevalue("redis_client") if request.param == "redis" else None)


def test_ten_thousand_calls_at_one_token_meet_no_refusal_and_use_the_quota_up(governor: Governor) -> None:
    scene = Scene(governor, {"t1": "User:1"})
    scene.run([("t1", Ask("u1"))] * 64, until=3 * 3600, calls=10_000)
    assert scene.refused == 0
    assert scene.most_in_flight <= 100
    first, *_ = sorted(scene.served)
    assert scene.served[first] >= 4950
    assert sum(scene.served.values()) == 10_000


def test_more_workers_than_slots_stay_below_githubs_hundred() -> None:
    scene = Scene(Governor(None), {"t1": "User:1"})
    scene.run([("t1", Ask("u1"))] * 200, until=300)
    assert scene.refused == 0
    assert scene.most_in_flight <= 100


def hour(tokens: dict[str, str], accounts: dict[str, str]) -> Scene:
    scene = Scene(Governor(None), tokens)
    scene.run([(token, Ask(accounts[token])) for token in tokens for _ in range(16)], until=3600)
    return scene


def test_three_users_have_three_times_the_calls_and_three_tokens_of_one_have_those_of_one() -> None:
    one = hour({"a": "User:1"}, {"a": "u1"})
    three_users = hour({"a": "User:1", "b": "User:2", "c": "User:3"}, {"a": "u1", "b": "u2", "c": "u3"})
    three_tokens = hour(dict.fromkeys("abc", "User:1"), dict.fromkeys("abc", "u1"))
    assert one.refused == three_users.refused == three_tokens.refused == 0
    assert sum(three_users.served.values()) >= 2.95 * sum(one.served.values())
    assert sum(three_tokens.served.values()) == pytest.approx(sum(one.served.values()), rel=0.01)


def test_lanes_together_leave_people_their_share() -> None:
    scene = Scene(Governor(None), {"t1": "User:1"})
    scene.run([("t1", Ask("u1", lane=Lane.WARM))] * 8 + [("t1", Ask("u1", lane=Lane.WEBHOOK))] * 8, until=3400)
    assert scene.refused == 0
    [window] = scene.served
    assert 5000 * 0.8 <= scene.served[window] <= 5000 * 0.9


@pytest.mark.parametrize("kind", [Kind.WRITE, Kind.CONTENT])
def test_writes_and_content_meet_no_secondary_limit(kind: Kind) -> None:
    scene = Scene(Governor(None), {"t1": "User:1"})
    scene.run([("t1", Ask("u1", kind=kind))] * 8, until=2 * 3600)
    assert scene.refused == 0
    assert sum(scene.served.values()) >= {Kind.WRITE: 6500, Kind.CONTENT: 950}[kind]


def test_search_is_thirty_a_minute() -> None:
    scene = Scene(Governor(None), {"t1": "User:1"})
    scene.run([("t1", Ask("u1", "search"))] * 16, until=600)
    assert scene.refused == 0
    assert max(scene.served.values()) <= 30
    assert sum(scene.served.values()) >= 30 * 9


def test_an_account_that_others_use_too_is_left_alone_when_it_is_empty(governor: Governor) -> None:
    """Only the calls that find it out are refused."""
    scene = Scene(governor, {"t1": "User:1"})
    scene.github.exhaust("User:1", "core", START)
    scene.run([("t1", Ask("u1"))] * 64, until=3700, calls=100)
    assert scene.refused <= 8
    assert sum(scene.served.values()) >= 92
