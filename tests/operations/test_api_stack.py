"""API requests without a cookie take the shorter way, and get just what Django's own way gives."""

from collections.abc import Iterator
from typing import Any
from wsgiref.types import WSGIEnvironment

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception, request_finished
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test.client import RequestFactory
from django.urls import include, path

from config.api_stack import ApiStack

pytestmark = pytest.mark.django_db


def fails(request: HttpRequest) -> HttpResponse:
    raise ValueError("broken")


def cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("ok")
    response.set_cookie("told", "once")
    return response


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"in ", b"parts"]))


urlpatterns = [
    path("api/fails", fails),
    path("api/cookie", cookie),
    path("api/stream", stream),
    path("", include("config.urls")),
]


@pytest.fixture(autouse=True)
def views(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.HUBCACHE_ANONYMOUS_READ = True


def asked(application: Any, target: str, method: str = "GET", **headers: str) -> tuple[str, dict[str, str], bytes]:
    environ = RequestFactory().generic(method, target, headers=headers).environ
    environ.pop("HTTP_COOKIE") if "cookie" not in headers else None
    given: list[Any] = []
    result = application(environ, lambda *start: given.extend(start))
    body = b"".join(result)
    getattr(result, "close", lambda: None)()
    fields = {name: value.strip() for name, value in given[1]}
    assert len(fields) == len(given[1])
    return given[0], fields, body


def refuses(environ: WSGIEnvironment, start_response: Any) -> Iterator[bytes]:
    raise AssertionError(f"{environ['PATH_INFO']} was handed on to Django")


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET", "/api/v1/search?q=build", {}),
        ("GET", "/api/v1/search?per_page=x", {}),
        ("GET", "/api/v1/facets", {"Accept-Encoding": "gzip"}),
        ("GET", "/api/v1/nowhere", {}),
        ("GET", "/api/v1/search", {"X-Api-Key": "hc_wrong"}),
        ("GET", "/api/v3/repos/../x", {}),
        ("PATCH", "/api/v1/search", {}),
        ("POST", "/api/graphql", {}),
        ("GET", "/api/v1/search", {"Host": "evil.example"}),
        ("GET", "/api/fails", {}),
        ("GET", "/api/cookie", {}),
        ("GET", "/api/stream", {}),
    ],
)
def test_both_ways_say_the_same(method: str, target: str, headers: dict[str, str]) -> None:
    for_browsers = {"X-Frame-Options", "Vary"}
    ways = ApiStack(refuses), WSGIHandler()
    asked(ways[0], target, method, **headers)  # what is made once is made now
    short, django = (asked(way, target, method, **headers) for way in ways)
    different = {name for name, value in django[1].items() if short[1].get(name) != value}
    assert different <= for_browsers | {"X-Request-Id", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    assert short[1].keys() >= django[1].keys() - for_browsers
    assert (short[0], short[2]) == (django[0], django[2])


def test_pages_and_cookies_go_djangos_way() -> None:
    django: list[str] = []

    def noted(environ: WSGIEnvironment, start_response: Any) -> list[bytes]:
        django.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return []

    stack = ApiStack(noted)
    asked(stack, "/")
    asked(stack, "/health/live")
    asked(stack, "/api/v1/search", cookie="sessionid=x")
    asked(stack, "/api/v1/search")
    assert django == ["/", "/health/live", "/api/v1/search"]


def test_an_error_is_told_to_whoever_listens() -> None:
    heard: list[str] = []

    def hear(request: HttpRequest, **_: Any) -> None:
        heard.append(request.path)

    got_request_exception.connect(hear)
    try:
        status, _, _ = asked(ApiStack(refuses), "/api/fails")
    finally:
        got_request_exception.disconnect(hear)
    assert (status, heard) == ("500 Internal Server Error", ["/api/fails"])


@pytest.mark.django_db(transaction=True)
def test_a_connection_to_the_database_is_looked_at_anew_in_each_request() -> None:
    connection.ensure_connection()
    connection.health_check_done = True
    asked(ApiStack(refuses), "/api/stream")
    assert not connection.health_check_done


def test_the_end_of_a_stream_is_noticed() -> None:
    ended: list[object] = []

    def hear(**_: Any) -> None:
        ended.append(None)

    request_finished.connect(hear)
    try:
        assert asked(ApiStack(refuses), "/api/stream")[2] == b"in parts"
    finally:
        request_finished.disconnect(hear)
    assert ended
