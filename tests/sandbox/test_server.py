"""The server: keep-alive, chunked and announced bodies, many clients, hanging up, its own bugs."""

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from github_sandbox.server import Handle, serve
from tests.sandbox.conftest import Client, small_world


def test_a_connection_is_kept_alive(sandbox: Handle) -> None:
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=5)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", "/zen")
        assert connection.getresponse().read()
    assert connection.sock is first
    connection.close()


def test_a_chunked_body_is_read(ask: Client) -> None:
    answer = ask("POST", "/repos/octo/hello/labels", data=iter([b'{"name": "new",', b' "color": "ffffff"}']))
    assert answer.status_code == 201


def test_a_client_that_waits_for_100_continue_gets_it(sandbox: Handle) -> None:
    host, _, port = sandbox.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(
            b"POST /_sandbox/clock HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n"
        )
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b'{"move": 1}')
        assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_many_clients_are_served_at_once(sandbox: Handle) -> None:
    def call(number: int) -> int:
        return requests.get(f"{sandbox.url}/users/octo-dev", params={"n": number}, timeout=20).status_code

    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(call, range(40))) == {200}


def test_a_sandbox_that_closes_hangs_up() -> None:
    with requests.Session() as session:
        with serve(small_world()) as github:
            assert session.get(f"{github.url}/zen", timeout=5).ok
        with pytest.raises(requests.ConnectionError):
            session.get(f"{github.url}/zen", timeout=5)


def test_what_is_no_http_gets_a_400(sandbox: Handle) -> None:
    host, _, port = sandbox.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(b"HELLO\x00 THERE FRIEND MORE\r\n\r\n")
        assert b"400" in client.recv(1000)


def test_a_bug_of_its_own_is_a_500_and_no_lost_connection(ask: Client, sandbox: Handle) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("broken listener")

    sandbox.world.listeners.append(broken)
    answer = ask("POST", "/repos/octo/hello/labels", json={"name": "new", "color": "ffffff"})
    assert answer.status_code == 500
    assert ask("GET", "/user").status_code == 200
