"""The inbound limit around requests: by address, by identity, and what a wrong credential costs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from ratelimit import limiter as limits
from ratelimit import live
from ratelimit.middleware import AddressLimitMiddleware, RateLimitMiddleware

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Caller:
    kind: str
    identity: str = "someone"
    limit: int | None = None


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    limits.limiter.cache_clear()
    live.refresh()
    yield
    limits.limiter.cache_clear()


def door(view: Callable[[HttpRequest], HttpResponse], good: Callable[[str], Caller | None]):
    """The two middlewares with an identity between them: `good` names the caller of a credential, or refuses it."""
    inner = RateLimitMiddleware(view)

    def identity(request: HttpRequest) -> HttpResponse:
        credential = request.META.get("HTTP_AUTHORIZATION")
        if credential is None:
            request.caller = Caller("session", "user:1") if request.COOKIES else Caller("anonymous")
        elif (caller := good(credential)) is not None:
            request.caller = caller
        else:
            return HttpResponse(status=401)
        return inner(request)

    return AddressLimitMiddleware(identity)


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def key_or_nothing(credential: str) -> Caller | None:
    return Caller("api_key", credential) if credential.startswith("good") else None


@pytest.fixture
def handle():
    return door(ok, key_or_nothing)


def get(path: str = "/api/v1/search", *, address: str = "203.0.113.9", **meta: str) -> HttpRequest:
    return RequestFactory().get(path, REMOTE_ADDR=address, **meta)


def statuses(handle, tries: int, make: Callable[[int], HttpRequest]) -> list[int]:
    return [handle(make(number)).status_code for number in range(tries)]


def test_an_anonymous_address_has_a_hundred_and_is_told(handle) -> None:
    first = handle(get())
    assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"]) == ("100", "99")
    assert statuses(handle, 199, lambda _: get()).count(200) == 99
    refused = handle(get())
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert (refused["X-RateLimit-Remaining"], refused["Cache-Control"]) == ("0", "no-store")
    problem = json.loads(refused.content)
    assert problem["status"] == 429
    assert "100 requests are allowed in 60 s" in problem["detail"]
    assert handle(get(address="203.0.113.10")).status_code == 200


def test_ten_thousand_addresses_of_one_64_are_one_caller(handle) -> None:
    passed = statuses(handle, 1_000, lambda number: get(address=f"2001:db8:1:2::{number:x}")).count(200)
    assert passed == 100


@pytest.mark.parametrize("name", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_CF_CONNECTING_IP", "HTTP_X_REAL_IP"])
def test_forged_headers_change_nothing(handle, name: str) -> None:
    passed = statuses(handle, 150, lambda number: get(**{name: f"for=198.51.100.{number}"})).count(200)
    assert passed == 100


@override_settings(TRUSTED_PROXIES=("10.0.0.0/8",))
def test_behind_a_trusted_proxy_each_caller_is_counted() -> None:
    handle = door(ok, key_or_nothing)
    request = get(address="10.0.0.1", HTTP_X_FORWARDED_FOR="1.1.1.1, 198.51.100.7")
    assert statuses(handle, 101, lambda _: get(address="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.7"))[-1] == 429
    assert handle(request).status_code == 429
    assert request.client_address == "198.51.100.7"
    assert handle(get(address="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.8")).status_code == 200


def test_a_good_credential_is_counted_by_identity_wherever_it_comes_from(handle) -> None:
    request = get(HTTP_AUTHORIZATION="good one")
    response = handle(request)
    assert (response["X-RateLimit-Limit"], response["X-RateLimit-Remaining"]) == ("6000", "5999")
    assert request.rate_key.startswith("caller:")
    assert request.rate.limit == 6000
    elsewhere = handle(get(address="198.51.100.1", HTTP_AUTHORIZATION="good one"))
    assert elsewhere["X-RateLimit-Remaining"] == "5998"
    assert set(statuses(handle, 300, lambda _: get(HTTP_AUTHORIZATION="good one"))) == {200}


def test_a_key_may_have_a_limit_of_its_own() -> None:
    handle = door(ok, lambda credential: Caller("api_key", credential, limit=3))
    assert statuses(handle, 5, lambda _: get(HTTP_AUTHORIZATION="good")) == [200, 200, 200, 429, 429]


def test_a_session_is_counted_by_identity_too(handle) -> None:
    def make(_: int) -> HttpRequest:
        request = get()
        request.COOKIES["sessionid"] = "x"
        return request

    assert set(statuses(handle, 150, make)) == {200}


def test_a_cookie_that_is_no_session_is_counted_by_address() -> None:
    handle = AddressLimitMiddleware(RateLimitMiddleware(ok))

    def make(number: int) -> HttpRequest:
        request = get()
        request.COOKIES["sessionid"] = f"forged {number}"
        return request

    assert statuses(handle, 150, make).count(200) == 100


def test_wrong_credentials_are_counted_by_address_however_many_there_are(handle) -> None:
    got = statuses(handle, 300, lambda number: get(HTTP_AUTHORIZATION=f"wrong {number}"))
    assert (got.count(401), got.count(429)) == (100, 200)
    assert handle(get()).status_code == 200  # anonymous reading from there goes on
    assert handle(get(address="198.51.100.1", HTTP_AUTHORIZATION="wrong")).status_code == 401


def test_wrong_credentials_under_way_at_once_cannot_slip_through() -> None:
    """While the first is being verified the second comes in, and so on: each is counted before it is verified."""
    reached = 0

    def good(credential: str) -> None:
        nonlocal reached
        reached += 1
        handle(get(HTTP_AUTHORIZATION=f"wrong {reached}"))

    handle = door(ok, good)
    handle(get(HTTP_AUTHORIZATION="wrong"))
    assert reached == 100


def test_a_flood_of_wrong_ones_does_not_shut_out_who_is_known_to_be_good(handle) -> None:
    assert handle(get(HTTP_AUTHORIZATION="good one")).status_code == 200
    statuses(handle, 150, lambda number: get(HTTP_AUTHORIZATION=f"wrong {number}"))
    assert handle(get(HTTP_AUTHORIZATION="good one")).status_code == 200
    assert handle(get(HTTP_AUTHORIZATION="good unseen")).status_code == 429


def test_new_good_credentials_do_not_use_the_failures_up(handle) -> None:
    assert set(statuses(handle, 150, lambda number: get(HTTP_AUTHORIZATION=f"good {number}"))) == {200}


def test_a_credential_that_turns_bad_is_counted_from_then_on() -> None:
    revoked: list[str] = []
    handle = door(ok, lambda credential: None if revoked else Caller("token", credential))
    assert handle(get(HTTP_AUTHORIZATION="good")).status_code == 200
    revoked.append("good")
    got = statuses(handle, 150, lambda _: get(HTTP_AUTHORIZATION="good"))
    assert (got.count(401), got.count(429)) == (100, 50)


def test_a_credential_that_could_not_be_judged_is_no_failure() -> None:
    def away(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=503)

    handle = AddressLimitMiddleware(away)
    assert set(statuses(handle, 150, lambda _: get(HTTP_AUTHORIZATION="anything"))) == {503}


@pytest.mark.parametrize("path", ["/api/v3/user", "/api/graphql"])
def test_the_github_surface_speaks_githubs_language(handle, path: str) -> None:
    assert "X-RateLimit-Limit" not in handle(get(path))
    refused = [handle(get(path)) for _ in range(100)][-1]
    assert refused.status_code == 429
    assert "X-RateLimit-Limit" not in refused
    assert int(refused["Retry-After"]) >= 1
    body = json.loads(refused.content)
    assert "secondary rate limit" in body["message"]
    assert body["documentation_url"].startswith("https://docs.github.com/")


@pytest.mark.parametrize("path", ["/health", "/health/live", "/metrics"])
def test_health_and_metrics_have_a_rule_of_their_own(handle, path: str) -> None:
    assert statuses(handle, 700, lambda _: get(path)).count(200) == 600
    assert handle(get()).status_code == 200


@override_settings(RATELIMIT_EXEMPT=("203.0.113.0/24", "2001:db8::/32"))
def test_exempt_networks_are_not_limited() -> None:
    handle = door(ok, key_or_nothing)
    assert set(statuses(handle, 150, lambda _: get())) == {200}
    assert set(statuses(handle, 150, lambda _: get(address="2001:db8::1"))) == {200}
    request = get()
    assert "X-RateLimit-Limit" not in handle(request)
    assert request.rate_key is None
    limits.penalise(request.rate_key, 2)  # nobody to penalise
    assert statuses(handle, 150, lambda _: get(address="198.51.100.1")).count(429) == 50


@override_settings(RATELIMIT_ENABLED=False)
def test_the_limit_can_be_switched_off(handle) -> None:
    assert set(statuses(handle, 150, lambda _: get())) == {200}


def test_a_view_may_refund_or_penalise(handle) -> None:
    def deliver(request: HttpRequest) -> HttpResponse:
        if request.path.endswith("right"):
            limits.refund(request.rate_key)
        else:
            limits.penalise(request.rate_key)
        return HttpResponse(status=202)

    handle = door(deliver, key_or_nothing)
    assert set(statuses(handle, 150, lambda _: get("/right"))) == {202}
    assert statuses(handle, 60, lambda _: get("/wrong")).count(202) == 50


def test_no_credential_is_kept_or_shown(handle) -> None:
    request = get(HTTP_AUTHORIZATION="good canary-1234")
    handle(request)
    assert "canary" not in repr(request.rate)


def test_with_redis_the_count_is_shared(handle, redis_server, redis_client) -> None:
    from ratelimit import connection

    connection.client.cache_clear()
    limits.limiter.cache_clear()
    try:
        with override_settings(REDIS_ENABLED=True, REDIS_URL=redis_server, REDIS_SOCKET_TIMEOUT=5.0):
            assert statuses(handle, 70, lambda _: get()).count(200) == 70
            limits.limiter.cache_clear()  # another process
            assert statuses(handle, 70, lambda _: get()).count(200) == 30
    finally:
        connection.client.cache_clear()
