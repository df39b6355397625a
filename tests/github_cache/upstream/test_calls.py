"""One call by the tenant's pool: which token asks, what it costs, and what comes back; over real HTTP."""

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY
from pytest_django import Settings

from github_cache import keys
from github_cache.upstream import calls, credentials
from github_cache.upstream.attempts import Bearer
from github_cache.upstream.errors import BadAnswer, NoCredential, Unreachable
from github_cache.upstream.protocol import Call, Reply
from github_sandbox.entities import Repository
from github_sandbox.server import Handle
from ratelimit.budget import Lane
from ratelimit.governor import governor
from ratelimit.verdict import Wait, Why

from .conftest import ADMIN, DEV, GUEST, ORG, point_at, spent, use_tokens

LANE = Lane.INTERACTIVE


def send(path: str, *, headers: tuple[tuple[str, str], ...] = (), prefer: str | None = None) -> Reply:
    found = calls.send(Call("GET", path, headers), tenant="default", lane=LANE, prefer=prefer)
    assert isinstance(found, Reply), found
    return found


def asked(sandbox: Handle) -> list[tuple[str | None, int]]:
    return [(entry["account"], entry["status"]) for entry in sandbox.ledger.entries()]  # type: ignore[misc]


@pytest.fixture
def private(sandbox: Handle) -> Repository:
    """A private repository that the guest may not see."""
    admin = sandbox.world.accounts["octo-admin"]
    org = sandbox.world.accounts[ORG]
    from github_sandbox import changes

    return changes.create_repository(sandbox.world, org, admin, "hidden", {"private": True, "auto_init": True})


def test_a_reply(sandbox: Handle) -> None:
    reply = send(f"/orgs/{ORG}")
    assert reply.status == 200
    assert reply.json()["login"] == ORG
    assert reply.bearer == keys.identity(ADMIN)
    assert reply.seconds > 0
    assert ADMIN not in repr(reply)


def test_what_github_says_no_to_is_a_reply(sandbox: Handle) -> None:
    reply = send("/repos/octo-sample/never-there")
    assert (reply.status, reply.message()) == (404, "Not Found")


def test_the_governor_hears_of_every_answer(sandbox: Handle) -> None:
    send(f"/orgs/{ORG}")
    send(f"/orgs/{ORG}")
    (core,) = governor().status([keys.identity(ADMIN)])[keys.identity(ADMIN)]
    assert (core.bucket, core.limit, core.remaining) == ("core", 5000, 4998)
    assert governor().describe([keys.identity(ADMIN)])[keys.identity(ADMIN)].in_flight == 0


def test_a_refused_token_has_no_quota(sandbox: Handle) -> None:
    wrong = Bearer("wrong", "wrong", "a stranger's", "ghp_wrong0000")
    refused = calls.send(Call("GET", f"/orgs/{ORG}"), tenant="default", lane=LANE, bearer=wrong)
    assert isinstance(refused, Reply)
    assert refused.status == 401
    assert governor().status(["wrong"])["wrong"] == ()
    labels = {"account": "wrong", "bucket": "core"}
    assert REGISTRY.get_sample_value("github_api_rate_limit_remaining", labels) is None


def test_a_304_is_free_for_the_token_that_the_validator_belongs_to(sandbox: Handle) -> None:
    etag = send(f"/orgs/{ORG}").headers["ETag"]
    before = spent(sandbox, "core")
    reply = send(f"/orgs/{ORG}", headers=(("If-None-Match", etag),), prefer=keys.identity(ADMIN))
    assert (reply.status, reply.body) == (304, b"")
    assert spent(sandbox, "core") == before


def test_another_token_is_not_sent_the_validator(sandbox: Handle, settings: Settings) -> None:
    etag = send(f"/orgs/{ORG}").headers["ETag"]
    use_tokens(settings, GUEST)
    reply = send(f"/orgs/{ORG}", headers=(("If-None-Match", etag),), prefer=keys.identity(ADMIN))
    assert reply.status == 200
    assert not sandbox.ledger.entries()[-1]["conditional"]


def test_a_refused_token_rests_and_the_next_one_asks(sandbox: Handle, settings: Settings) -> None:
    use_tokens(settings, "ghp_revoked", ADMIN)
    for _ in range(3):
        assert send(f"/orgs/{ORG}").status == 200
    refusals = [status for _, status in asked(sandbox) if status == 401]
    # One for the question whose it is, one for the call.
    assert len(refusals) <= 2
    states = {health.name: health.state for health in credentials.health("default")}
    assert states == {"environment 1": "refused", "environment 2": "ok"}


def test_where_every_token_is_refused_the_tenant_is_told(sandbox: Handle, settings: Settings) -> None:
    use_tokens(settings, "ghp_revoked")
    with pytest.raises(NoCredential) as raised:
        send("/user")
    assert raised.value.status == 503
    with pytest.raises(NoCredential, match="environment 1: GitHub answered 401"):
        send("/user")
    assert len(asked(sandbox)) == 1
    assert "ghp_revoked" not in str(raised.value)


def test_a_tenant_without_any_credential(sandbox: Handle, settings: Settings) -> None:
    use_tokens(settings)
    with pytest.raises(NoCredential, match="GITHUB_TOKEN"):
        send("/user")
    assert asked(sandbox) == []


def test_a_token_that_may_not_see_it_is_remembered_for_it(
    sandbox: Handle, settings: Settings, private: Repository
) -> None:
    use_tokens(settings, GUEST, ADMIN)
    credentials.pool("default")  # learns whose they are
    path = f"/repos/{ORG}/{private.name}"
    prefer = keys.identity(GUEST)
    before = len(asked(sandbox))
    assert send(path, prefer=prefer).status == 200
    assert asked(sandbox)[before:] == [("octo-guest", 404), ("octo-admin", 200)]
    assert send(f"{path}/issues", prefer=prefer).status == 200
    assert asked(sandbox)[before + 2 :] == [("octo-admin", 200)]
    assert send(f"/orgs/{ORG}", prefer=prefer).bearer == prefer


def test_what_nobody_may_see_costs_one_call_from_then_on(sandbox: Handle, settings: Settings) -> None:
    use_tokens(settings, GUEST, ADMIN, DEV)
    credentials.pool("default")
    before = len(asked(sandbox))
    assert send(f"/repos/{ORG}/never").status == 404
    assert len(asked(sandbox)) == before + 3
    assert send(f"/repos/{ORG}/never").status == 404
    assert len(asked(sandbox)) == before + 4


def test_an_exhausted_account_gives_way_to_another(sandbox: Handle, settings: Settings) -> None:
    use_tokens(settings, ADMIN, GUEST)
    credentials.pool("default")
    sandbox.faults.add({"kind": "primary", "count": 1})
    first = send(f"/orgs/{ORG}")
    again = [send(f"/orgs/{ORG}").bearer for _ in range(3)]
    assert set(again) == {first.bearer}


def test_tokens_of_one_user_share_one_account(sandbox: Handle, settings: Settings) -> None:
    use_tokens(settings, ADMIN, "ghp_sandbox_admin_2", GUEST)
    accounts = [bearer.account for bearer in credentials.pool("default")]
    assert accounts == ["user-9101", "user-9101", "user-9103"]
    calls_made = len(asked(sandbox))
    credentials.pool("default")
    assert len(asked(sandbox)) == calls_made == 3


@pytest.mark.parametrize(
    ("fault", "why"),
    [({"kind": "primary"}, Why.PRIMARY), ({"kind": "secondary", "retry_after": 30}, Why.SECONDARY)],
)
def test_a_limit_is_a_wait_and_the_next_call_is_not_sent(sandbox: Handle, fault: dict[str, object], why: Why) -> None:
    sandbox.faults.add({**fault, "count": 1})
    refused = calls.send(Call("GET", "/user"), tenant="default", lane=LANE)
    assert isinstance(refused, Wait)
    assert refused.why is why
    assert refused.seconds > 1
    waiting = calls.send(Call("GET", "/user"), tenant="default", lane=LANE)
    assert isinstance(waiting, Wait)
    assert len(asked(sandbox)) == 1


def test_a_graphql_200_that_is_a_refusal(sandbox: Handle) -> None:
    sandbox.world.limits.change(graphql=0)
    call = Call("POST", "/graphql", body=b'{"query":"{viewer{login}}"}', graphql=True)
    refused = calls.send(call, tenant="default", lane=LANE)
    assert isinstance(refused, Wait)
    assert refused.why is Why.GRAPHQL_PRIMARY


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "status", "status": 500}, 500),
        ({"kind": "status", "status": 503}, 503),
        ({"kind": "html", "status": 502}, 502),
        ({"kind": "html", "status": 200}, 200),
        ({"kind": "cut_body"}, None),
        ({"kind": "wrong_length"}, None),
    ],
)
def test_an_answer_that_cannot_be_used(sandbox: Handle, fault: dict[str, object], status: int | None) -> None:
    sandbox.faults.add({**fault, "count": 1})
    with pytest.raises(BadAnswer) as raised:
        calls.send(Call("GET", f"/orgs/{ORG}/repos"), tenant="default", lane=LANE)
    assert raised.value.github_status == status
    assert send(f"/orgs/{ORG}").status == 200
    assert in_flight() == 0


def test_a_connection_that_is_reset(sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "reset", "count": 2})
    with pytest.raises(Unreachable) as raised:
        send("/user")
    assert not raised.value.timed_out
    assert in_flight() == 0


def test_a_connection_that_is_reset_once_is_replaced(sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "reset", "count": 1})
    assert send("/user").status == 200
    assert in_flight() == 0


def test_an_answer_that_does_not_come(sandbox: Handle, flags: Callable[..., None]) -> None:
    flags(GITHUB_READ_TIMEOUT=0.05)
    sandbox.faults.add({"kind": "hang", "seconds": 5, "count": 1})
    with pytest.raises(Unreachable) as raised:
        send("/user")
    assert raised.value.timed_out
    assert raised.value.sent
    assert raised.value.status == 504


def test_nobody_listens(sandbox: Handle, settings: Settings) -> None:
    point_at(settings, "http://127.0.0.1:9")
    with pytest.raises(Unreachable) as raised:
        send("/user")
    assert not raised.value.sent
    assert raised.value.status == 502


def test_a_redirection_is_not_followed_by_itself(sandbox: Handle) -> None:
    repository = next(iter(sandbox.world.repositories.values()))
    old = repository.name
    sandbox.world.rename(repository, "renamed")
    assert send(f"/repos/{ORG}/{old}").status == 301
    assert len(asked(sandbox)) == 1


def test_rubbish_in_the_headers_does_no_harm(sandbox: Handle) -> None:
    sandbox.world.clock.move(7 * 24 * 3600)
    assert send("/user").status == 200
    assert send("/user").status == 200


def test_the_limits_are_asked_for_nothing(sandbox: Handle, settings: Settings) -> None:
    use_tokens(settings, ADMIN, "ghp_sandbox_admin_2", GUEST)
    before = len(asked(sandbox))
    limits = calls.rate_limit("default")
    assert not isinstance(limits, Wait)
    assert [each.account for each in limits] == ["user-9101", "user-9103"]
    assert {quota.bucket for quota in limits[0].quotas} == {"core", "search", "code_search", "graphql"}
    free = sandbox.ledger.entries()[before:]
    assert [entry["cost"] for entry in free if entry["path"] == "/rate_limit"] == [0, 0]
    assert {quota.bucket for quota in governor().status(["user-9103"])["user-9103"]} >= {"graphql", "search"}


def test_a_token_that_is_asked_about(sandbox: Handle) -> None:
    known = calls.rate_limit_of(credentials.passthrough(GUEST, "default"))
    assert isinstance(known, calls.AccountLimits)
    assert calls.rate_limit_of(credentials.passthrough("ghp_unknown", "default")) is None


def test_a_large_body_is_streamed(sandbox: Handle) -> None:
    with calls.stream(Call("GET", f"/orgs/{ORG}/repos"), tenant="default", lane=LANE) as streamed:
        assert not isinstance(streamed, Wait)
        assert in_flight() == 1
        body = b"".join(streamed.chunks)
    assert streamed.status == 200
    assert body.startswith(b"[{")
    assert in_flight() == 0


def test_a_stream_that_is_refused(sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "secondary", "count": 1})
    with calls.stream(Call("GET", "/user"), tenant="default", lane=LANE) as streamed:
        assert isinstance(streamed, Wait)
    assert in_flight() == 0


def test_a_stream_that_breaks_off(sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "cut_body", "count": 1})
    with (
        pytest.raises(BadAnswer),
        calls.stream(Call("GET", f"/orgs/{ORG}/repos"), tenant="default", lane=LANE) as streamed,
    ):
        assert not isinstance(streamed, Wait)
        b"".join(streamed.chunks)
    assert in_flight() == 0


def in_flight() -> int:
    account = keys.identity(ADMIN)
    return governor().describe([account])[account].in_flight


def test_a_stream_by_a_token_that_is_refused(sandbox: Handle, settings: Settings) -> None:
    use_tokens(settings, "ghp_revoked")
    with calls.stream(Call("GET", "/user"), tenant="default", lane=LANE) as streamed:
        assert not isinstance(streamed, Wait)
        assert streamed.status == 401
        assert b"Bad credentials" in b"".join(streamed.chunks)
    assert [each.state for each in credentials.health("default")] == ["refused"]
