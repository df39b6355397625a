"""What is refused before anything is sent, over real HTTP, as it arrives on the wire; and what is not passed on."""

import http.client
import json
import socket

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.github_cache.gateway.house import House


def ask(
    live_server: LiveServer, house: House, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(live_server.thread.host, live_server.thread.port, timeout=20)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in {"X-Api-Key": house.key, "Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    told = answer.status, answer.read()
    connection.close()
    return told


@pytest.mark.parametrize(
    "path",
    [
        "/api/v3/repos/octo/../hello",
        "/api/v3/repos/octo/%2e%2e/hello",
        "/api/v3/repos/octo/%2E%2E/%2E%2E/user",
        "/api/v3/repos/octo%252fhello/issues",
        "/api/v3/repos/octo/hello/contents/..%2f..%2fsecret",
        "/api/v3//repos/octo/hello",
        "/api/v3/repos//hello",
        "/api/v3/repos/octo/he%00llo",
        "/api/v3/repos/octo/he%01llo",
        "/api/v3/repos/octo/he%0d%0allo",
        "/api/v3/https://other.example/repos/octo/hello",
        "/api/v3/repos/user:password@other.example/hello",
        "/api/v1/github/octo/%2e%2e/info",
        "/api/v1/github/octo/he%0allo/info",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_and_nothing_is_sent(
    house: House, live_server: LiveServer, path: str
) -> None:
    house.forgotten()
    status, body = ask(live_server, house, "GET", path)
    assert status == 400, body
    assert house.calls == 0


def test_an_encoded_slash_is_judged_as_the_slash_it_stands_for(house: House, live_server: LiveServer) -> None:
    """WSGI hands on paths decoded: what is sent is the path that was checked."""
    house.forgotten()
    assert ask(live_server, house, "GET", "/api/v3/repos/octo%2fhello/issues")[0] == 200
    assert set(house.paths) <= {"/repos/octo/hello", "/repos/octo/hello/issues"}
    assert ask(live_server, house, "GET", "/api/v3/repos/octo%2f..%2fhello/issues")[0] == 400


@pytest.mark.parametrize("path", ["/api/v3/repos/octo/hello/labels", "/api/graphql"])
def test_a_body_that_breaks_off_is_refused_and_nothing_is_sent(
    house: House, live_server: LiveServer, path: str
) -> None:
    house.forgotten()
    with socket.create_connection((live_server.thread.host, live_server.thread.port), timeout=20) as connection:
        lines = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: {house.key}\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(lines.encode() + b'{"name": "half", "color": "ff0000"}')
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")
    assert house.calls == 0


def test_a_body_that_is_too_large_is_refused_and_nothing_is_sent(
    house: House, live_server: LiveServer, settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    house.forgotten()
    body = json.dumps({"name": "x" * 2_000, "color": "ff0000"}).encode()
    status, _ = ask(live_server, house, "POST", "/api/v3/repos/octo/hello/labels", body)
    assert status == 413
    assert house.calls == 0
