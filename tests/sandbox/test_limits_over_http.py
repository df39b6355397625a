"""Limits as a client meets them: headers, refusals, shared allowances, the reset."""

from concurrent.futures import ThreadPoolExecutor

from github_sandbox.server import Handle
from tests.sandbox.conftest import Client

QUERY = {"query": "{ viewer { login } }"}


def test_tokens_of_one_user_share_an_allowance(ask: Client) -> None:
    ask("GET", "/user")
    assert ask.as_("ghp_sandbox_admin_2")("GET", "/user").headers["X-RateLimit-Used"] == "2"
    assert ask.as_("ghp_sandbox_dev_1")("GET", "/user").headers["X-RateLimit-Used"] == "1"


def test_a_stranger_has_sixty(ask: Client) -> None:
    assert ask.as_(None)("GET", "/orgs/octo").headers["X-RateLimit-Limit"] == "60"


def test_asking_for_the_limits_is_free(ask: Client) -> None:
    ask("GET", "/user")
    for _ in range(2):
        told = ask("GET", "/rate_limit").json()["resources"]
        assert (told["core"]["used"], told["graphql"]["used"], told["search"]["limit"]) == (1, 0, 30)


def test_the_primary_limit_refuses_until_the_reset(ask: Client, sandbox: Handle) -> None:
    sandbox.world.limits.change(core=2)
    answers = [ask("GET", "/user") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 403]
    refusal = answers[-1]
    assert refusal.json()["message"] == "API rate limit exceeded for user ID 9101."
    assert refusal.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in refusal.headers
    sandbox.world.clock.set(int(refusal.headers["X-RateLimit-Reset"]) + 1)
    assert ask("GET", "/user").headers["X-RateLimit-Used"] == "1"


def test_the_primary_limit_of_graphql_is_a_200(ask: Client, sandbox: Handle) -> None:
    sandbox.world.limits.change(graphql=1)
    assert ask("POST", "/graphql", json=QUERY).json()["data"]["viewer"]["login"] == "octo-admin"
    refusal = ask("POST", "/graphql", json=QUERY)
    assert refusal.status_code == 200
    assert refusal.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert refusal.headers["X-RateLimit-Resource"] == "graphql"


def test_graphql_wants_a_token(ask: Client) -> None:
    assert ask.as_(None)("POST", "/graphql", json=QUERY).status_code == 401


def test_the_secondary_limit_refuses_while_the_primary_has_room(ask: Client, sandbox: Handle) -> None:
    sandbox.world.limits.change(rest_points=2, retry_after=17)
    refusal = [ask("GET", "/user") for _ in range(3)][-1]
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (403, "17")
    assert refusal.json()["message"].startswith("You have exceeded a secondary rate limit")
    assert refusal.json()["documentation_url"].endswith("secondary-rate-limits")
    assert refusal.headers["X-RateLimit-Remaining"] == "4998"
    sandbox.world.clock.move(61)
    assert ask("GET", "/user").status_code == 200


def test_the_refusal_may_be_429_and_without_retry_after(ask: Client, sandbox: Handle) -> None:
    sandbox.world.limits.change(rest_points=0, retry_after=0, refusal_status=429)
    refusal = ask("GET", "/user")
    assert refusal.status_code == 429
    assert "Retry-After" not in refusal.headers


def test_too_many_at_once_are_refused(ask: Client, sandbox: Handle) -> None:
    sandbox.world.limits.change(concurrent=1)
    sandbox.faults.add({"kind": "latency", "path": "^/user$", "seconds": 0.5})
    with ThreadPoolExecutor(3) as pool:
        statuses = sorted(pool.map(lambda _: ask("GET", "/user").status_code, range(3)))
    assert 403 in statuses


def test_creating_content_is_bounded(ask: Client, sandbox: Handle) -> None:
    sandbox.world.limits.change(content_per_minute=1)
    statuses = [ask("POST", "/repos/octo/hello/issues", json={"title": str(n)}).status_code for n in range(2)]
    assert statuses == [201, 403]
