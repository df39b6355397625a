"""The WSGI wrapper: what it repeats, to whom, and when it steps aside. Django's own handler answers behind it."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.test.client import RequestFactory
from django.urls import path

from github_cache import keys, listening
from github_cache.hotcache import LONGEST_SECONDS, HotCache, OfferMiddleware
from github_cache.keys import Scope
from github_cache.nearcache import NearCache
from github_cache.repeatable import Answer, Hot
from ratelimit.limiter import Limiter
from ratelimit.middleware import Rate

# Django's handler looks after its database connections whether a view needs them or not.
pytestmark = pytest.mark.django_db
TAG = keys.epoch("acme", Scope("repo", "1"), "meta")
asked: list[HttpRequest] = []


def answer(request: HttpRequest, status: int = 200) -> HttpResponse:
    """A view that says how often it was asked."""
    asked.append(request)
    body = json.dumps({"asked": len(asked), "method": request.method}).encode()
    response = HttpResponse(b"" if status == 304 else body, status=status, content_type="application/json")
    response["ETag"] = 'W/"tag"'
    response["Cache-Status"] = "hubcache; fwd=miss"
    response["X-Cache"], response["Age"], response["X-RateLimit-Remaining"] = "MISS", "7", "99"
    response["X-Content-Type-Options"] = "nosniff"
    response.hot = Hot(frozenset({TAG}), time.time() + 60)  # type: ignore[attr-defined]
    return response


def cold(request: HttpRequest) -> HttpResponse:
    asked.append(request)
    return HttpResponse(b"%d" % len(asked))


def not_modified(request: HttpRequest) -> HttpResponse:
    return answer(request, 304 if "HTTP_IF_NONE_MATCH" in request.META else 200)


def brief(request: HttpRequest) -> HttpResponse:
    response = answer(request)
    response.hot = Hot(frozenset({TAG}), time.time() + 1)  # type: ignore[attr-defined]
    return response


def with_cookie(request: HttpRequest) -> HttpResponse:
    response = answer(request)
    response.set_cookie("session", "x")
    return response


def large(request: HttpRequest) -> HttpResponse:
    response = answer(request)
    response.content = b"x" * 100_000
    return response


urlpatterns = [
    path("api/v3/repos/acme/api", answer),
    path("hot", answer),
    path("cold", cold),
    path("conditional", not_modified),
    path("brief", brief),
    path("cookie", with_cookie),
    path("large", large),
]

limits: dict[str, int] = {}


class CountedMiddleware:
    """Counts every caller, by what its key says; the limiter is the process's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        from ratelimit.limiter import limiter

        name = request.headers.get("Authorization", "nobody")
        rate = Rate(None, limiter())
        request.rate = rate  # type: ignore[attr-defined]
        if name in limits:
            rate.spend("caller", name, limits[name])
        return HttpResponse(status=429) if rate.refused else self.get_response(request)


MIDDLEWARE = [f"{OfferMiddleware.__module__}.OfferMiddleware", f"{__name__}.CountedMiddleware"]
MIDDLEWARE += ["django.middleware.common.CommonMiddleware"]


class Client:
    """A WSGI server of one."""

    def __init__(self, near: NearCache[Answer]) -> None:
        self.near = near
        self.now = time.time()
        self.application = HotCache(WSGIHandler(), near, clock=lambda: self.now)

    def ask(self, path: str = "/hot", method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        environ = RequestFactory().generic(method, path).environ
        del environ["HTTP_COOKIE"]  # which the factory always sends
        environ |= headers
        given: list[Any] = []
        body = b"".join(self.application(environ, lambda *start: given.append(start)))
        status, fields = given[-1][:2]
        assert len({name.lower() for name, _ in fields}) == len(fields), "a header twice"
        return int(status[:3]), dict(fields), body


@pytest.fixture
def client() -> Iterator[Client]:
    asked.clear()
    limits.clear()
    near: NearCache[Answer] = NearCache(1_000_000)
    near.follow(frozenset({"acme"}))
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=MIDDLEWARE, ALLOWED_HOSTS=["testserver", "other"]):
        yield Client(near)
    listening.start.cache_clear()


def test_an_answer_is_repeated_without_asking_django(client: Client) -> None:
    first, again = client.ask(), client.ask()
    assert len(asked) == 1
    assert first[2] == again[2]
    assert again[0] == 200
    assert again[1]["X-Content-Type-Options"] == "nosniff"


def test_what_is_about_one_answer_is_computed_anew(client: Client) -> None:
    client.ask()
    client.now += 1
    _, headers, _ = client.ask(HTTP_X_REQUEST_ID="mine-1")
    assert headers["Age"] == "8"
    assert headers["X-Cache"] == "HIT"
    assert headers["Cache-Status"] in {f"hubcache; hit; ttl={left}" for left in (58, 59)}
    assert headers["X-Request-Id"] == "mine-1"
    assert not [name for name in headers if name.lower().startswith("x-ratelimit")]
    _, others, _ = client.ask(HTTP_X_REQUEST_ID="bad\nline")
    assert len(others["X-Request-Id"]) == 32


def test_only_what_a_view_allows_is_repeated(client: Client) -> None:
    client.ask("/cold")
    client.ask("/cold")
    assert len(asked) == 2


def test_it_says_on_the_github_surface_that_it_came_from_the_cache(client: Client) -> None:
    client.ask("/api/v3/repos/acme/api")
    assert client.ask("/api/v3/repos/acme/api")[1]["X-From-Cache"] == "1"


@pytest.mark.parametrize(
    "other",
    [
        {"HTTP_AUTHORIZATION": "Bearer other"},
        {"HTTP_X_API_KEY": "hc_other"},
        {"HTTP_ACCEPT": "application/vnd.github.raw"},
        {"HTTP_ACCEPT_ENCODING": "gzip"},
        {"HTTP_X_GITHUB_API_VERSION": "2022-11-28"},
        {"HTTP_X_HUBCACHE_TENANT": "other"},
        {"HTTP_X_ANYTHING_ELSE": "1"},
        {"HTTP_HOST": "other"},
        {"wsgi.url_scheme": "https"},
        {"QUERY_STRING": "page=2"},
        {"REMOTE_ADDR": "192.0.2.1"},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.1"},
        {"SCRIPT_NAME": "/mounted"},
    ],
)
def test_nothing_is_repeated_to_another(client: Client, other: dict[str, str]) -> None:
    client.ask()
    client.ask(**other)
    assert len(asked) == 2


def test_two_ways_to_say_who_one_is_are_not_mixed_up(client: Client) -> None:
    client.ask(HTTP_AUTHORIZATION="x")
    client.ask(HTTP_X_API_KEY="x")
    client.ask(HTTP_AUTHORIZATION="x\nx")
    client.ask(HTTP_AUTHORIZATION="x", HTTP_X_API_KEY="x")
    assert len(asked) == 4


def test_a_caller_with_a_key_is_the_same_from_anywhere(client: Client) -> None:
    client.ask(HTTP_AUTHORIZATION="Bearer a", REMOTE_ADDR="192.0.2.1", HTTP_USER_AGENT="one")
    client.ask(HTTP_AUTHORIZATION="Bearer a", REMOTE_ADDR="192.0.2.2", HTTP_USER_AGENT="two")
    assert len(asked) == 1


@pytest.mark.parametrize(
    "aside",
    [
        {"HTTP_COOKIE": "sessionid=x"},
        {"HTTP_RANGE": "bytes=0-1"},
        {"HTTP_CACHE_CONTROL": "no-cache"},
        {"HTTP_PRAGMA": "no-cache"},
        {"HTTP_IF_MODIFIED_SINCE": "Sat, 21 Nov 2026 04:00:00 GMT"},
        {"HTTP_IF_MATCH": '"tag"'},
        {"CONTENT_LENGTH": "2"},
        {"method": "POST"},
        {"method": "OPTIONS"},
        {"method": "DELETE"},
    ],
)
def test_it_steps_aside(client: Client, aside: dict[str, str]) -> None:
    client.ask()
    client.ask(**aside)
    client.ask(**aside)
    assert len(asked) == 3


def test_a_wrong_host_is_refused_by_django_however_warm_the_path_is(client: Client) -> None:
    client.ask()
    assert client.ask(HTTP_HOST="evil.example")[0] == 400


def test_head_has_the_headers_and_no_body(client: Client) -> None:
    _, headers, body = client.ask()
    status, again, nothing = client.ask(method="HEAD")
    assert (status, nothing, len(asked)) == (200, b"", 1)
    assert again["Content-Length"] == str(len(body))
    assert again["ETag"] == headers["ETag"]


def test_what_head_was_told_is_not_repeated_to_get(client: Client) -> None:
    client.ask(method="HEAD")
    assert client.ask()[2] != b""
    assert len(asked) == 2


@pytest.mark.parametrize("condition", ['"tag"', 'W/"tag"', '"x", W/"tag"'])
def test_an_unchanged_body_is_not_sent_again(client: Client, condition: str) -> None:
    client.ask()
    status, headers, body = client.ask(HTTP_IF_NONE_MATCH=condition)
    assert (status, body, len(asked)) == (304, b"", 1)
    assert headers["ETag"] == 'W/"tag"'
    assert not {"Content-Type", "Content-Length"} & set(headers)


@pytest.mark.parametrize("condition", ['"other"', "tag", '"ta"', '"tag', ""])
def test_another_body_is_sent(client: Client, condition: str) -> None:
    client.ask()
    assert client.ask(HTTP_IF_NONE_MATCH=condition)[0] == 200
    assert len(asked) == 1


def test_a_star_is_left_to_django(client: Client) -> None:
    client.ask()
    client.ask(HTTP_IF_NONE_MATCH="*")
    assert len(asked) == 2


def test_a_304_is_repeated_to_the_same_condition_only(client: Client) -> None:
    for _ in range(2):
        assert client.ask("/conditional", HTTP_IF_NONE_MATCH='"tag"')[0] == 304
    assert len(asked) == 1
    assert client.ask("/conditional")[0] == 200
    assert len(asked) == 2
    assert client.ask("/conditional")[0] == 200
    assert client.ask("/conditional", HTTP_IF_NONE_MATCH='"tag"')[0] == 304
    assert len(asked) == 2


def test_one_request_renews_an_answer_while_the_others_get_it_repeated(client: Client) -> None:
    before = client.ask()[2]
    client.now += LONGEST_SECONDS - 0.1
    meanwhile: list[bytes] = []
    asked_meanwhile = client.application._application

    def renewing(*call: Any) -> Any:
        meanwhile.append(client.ask()[2])
        return asked_meanwhile(*call)

    client.application._application = renewing
    renewed = client.ask()[2]
    assert meanwhile == [before]
    assert len(asked) == 2
    client.now += LONGEST_SECONDS - 1
    assert client.ask()[2] == renewed


def test_a_304_that_is_repeated_is_renewed_too(client: Client) -> None:
    for _ in range(3):
        assert client.ask("/conditional", HTTP_IF_NONE_MATCH='"tag"')[0] == 304
        client.now += LONGEST_SECONDS - 0.1
    assert len(asked) == 3


def test_what_stops_being_fresh_is_repeated_to_its_last_moment(client: Client) -> None:
    client.ask("/brief")
    client.now += 0.9
    client.ask("/brief")
    assert len(asked) == 1


def test_an_answer_that_sets_a_cookie_is_not_repeated(client: Client) -> None:
    client.ask("/cookie")
    client.ask("/cookie")
    assert len(asked) == 2


def test_it_ends_with_its_time(client: Client) -> None:
    client.ask()
    client.now += LONGEST_SECONDS
    client.ask()
    assert len(asked) == 2


def test_it_ends_with_its_tag(client: Client) -> None:
    client.ask()
    client.near.drop([TAG])
    client.ask()
    assert len(asked) == 2


def test_a_body_that_would_fill_the_memory_is_not_kept(client: Client) -> None:
    client.application = HotCache(WSGIHandler(), NearCache(100_000))
    client.ask("/large")
    client.ask("/large")
    assert len(asked) == 2


def test_repeats_are_counted_by_the_limit(client: Client) -> None:
    caller = f"Bearer {time.time_ns()}"
    limits[caller] = 5
    statuses = [client.ask(HTTP_AUTHORIZATION=caller)[0] for _ in range(8)]
    assert statuses == [200] * 5 + [429] * 3
    assert len(asked) == 1


def test_off_is_off(client: Client) -> None:
    with override_settings(HUBCACHE_HOTCACHE_ENABLED=False):
        client.application = HotCache(WSGIHandler(), client.near)
    client.ask()
    client.ask()
    assert len(asked) == 2


def test_no_secret_is_kept(client: Client) -> None:
    client.ask(HTTP_AUTHORIZATION="Bearer ghp_canary")
    assert len(client.near) == 1
    assert "canary" not in repr(client.near._kept)


def test_a_limiter_over_its_limit_never_hides_behind_a_repeat() -> None:
    """The same arithmetic that the wrapper leans on: a lease is spent before the answer goes out."""
    limiter = Limiter(None, 60)
    assert [limiter.spend_leased("caller:x", 2).allowed for _ in range(3)] == [True, True, False]
