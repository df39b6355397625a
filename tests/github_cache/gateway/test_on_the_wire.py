"""What is refused before anything is sent, byte by byte as the real server takes it; and what passes in neither
direction."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from github_cache.upstream import protocol
from tests.github_cache.gateway.conftest import small_world
from tests.github_cache.gateway.house import DEV
from tests.github_cache.gateway.running import Running, running

LABELS = "/api/v3/repos/octo/hello/labels"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(small_world(), tmp_path_factory.mktemp("wire")) as house:
        yield house


@pytest.mark.parametrize(
    "target",
    [
        "/api/v3/repos/octo/../hello",
        "/api/v3/repos/octo/%2e%2e/hello",
        "/api/v3/repos/octo/%2E%2E/%2E%2E/user",
        "/api/v3/repos/octo/.%2e/user",
        "/api/v3/repos/octo/hello%2f..%2f..%2fuser",
        "/api/v3/repos/octo/hello/contents/..%2f..%2fsecret",
        "/api/v3/repos/octo%252fhello/issues",
        "/api/v3/%2f%2fevil.example/x",
        "/api/v3/%00",
        "/api/v3/repos/octo/he%00llo",
        "/api/v3/repos/octo/he%01llo",
        "/api/v3/repos/octo/he%0allo",
        "/api/v3/repos/octo/he%0d%0allo",
        "/api/v3/repos/octo/he%7fllo",
        "/api/v3/repos/octo/he%5cllo",
        "/api/v3/repos/octo/he\x01llo",
        "/api/v3/repos/octo/%ff",
        "/api/v3//repos/octo/hello",
        "/api/v3/repos//hello",
        "/api/v3/repos/octo//hello",
        "/api/v3/http://evil.example/repos/octo/hello",
        "/api/v3/user:password@evil.example/x",
        "/api/v3/repos/user:password@evil.example/hello",
        "/api/v3/repos/octo/hello?access_token=ours",
        "/api/v3/repos/octo/hello?a=b c",
        "/api/v1/github/octo/%2e%2e/info",
        "/api/v1/github/octo/he%00llo/info",
        "/api/v1/github/octo/he%0allo/info",
    ],
)
def test_what_leads_elsewhere_is_refused_and_nothing_is_sent(house: Running, target: str) -> None:
    house.forgotten()
    assert house.ask(target).status == 400
    assert house.calls == []


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("/api/v3/repos/octo/hello", "evil.example"),
        ("/api/v3/repos/octo/hello", "user:password@127.0.0.1"),
        ("http://evil.example/api/v3/repos/octo/hello", "evil.example"),
        ("http://user:password@evil.example/api/v3/repos/octo/hello", "user:password@evil.example"),
    ],
)
def test_another_host_is_refused_before_a_token_is_looked_at(house: Running, target: str, host: str) -> None:
    house.forgotten()
    assert house.ask(target, "Authorization: token ghp_unseen", host=host).status == 400
    assert house.calls == []


def test_a_target_in_absolute_form_is_asked_of_the_configured_github(house: Running) -> None:
    """WSGI does not tell its host where the Host header names ours; it has no say in where we ask."""
    house.forgotten()
    answer = house.ask("http://evil.example/api/v3/repos/octo/hello/languages")
    assert answer.status == 200
    assert set(house.calls) <= {"/repos/octo/hello", "/repos/octo/hello/languages"}


def test_a_slash_that_is_encoded_is_judged_as_the_slash_that_it_stands_for(house: Running) -> None:
    """WSGI tells paths decoded: what is sent, and what stands in keys, is the path that was checked."""
    house.forgotten()
    assert house.ask("/api/v3/repos/octo%2fhello/issues").status == 200
    assert set(house.calls) <= {"/repos/octo/hello", "/repos/octo/hello/issues"}


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PURGE"])
def test_other_methods_are_not_passed_on(house: Running, method: str) -> None:
    house.forgotten()
    assert house.ask("/api/v3/repos/octo/hello", method=method).status in (403, 405)
    assert house.calls == []


@pytest.mark.parametrize(
    ("lines", "body", "status"),
    [
        (["Content-Length: 99999999"], b"{", 413),
        (["Content-Length: 3", "Content-Length: 33"], b'{"name":"twice","color":"ff0000"}', 400),
        (["Transfer-Encoding: chunked"], b'f\r\n{"name":"part",\r\n0\r\n\r\n', 400),
        (["Transfer-Encoding: chunked"], b"2\r\n17\r\n0\r\n\r\n", 400),
    ],
)
@pytest.mark.parametrize("target", [LABELS, "/api/graphql"])
def test_a_body_of_unclear_length_or_too_large_is_not_passed_on(
    house: Running, target: str, lines: list[str], body: bytes, status: int
) -> None:
    house.forgotten()
    assert house.ask(target, *lines, method="POST", body=body).status == status
    assert house.calls == []


def test_json_in_chunks_is_passed_on_whole(house: Running) -> None:
    """As `gh api --input -` sends it, and whatever else reads a body whose length it does not know."""
    house.forgotten()
    body = b'10\r\n{"name":"chunk",\r\n11\r\n"color":"ff0000"}\r\n0\r\n\r\n'
    answer = house.ask(LABELS, "Transfer-Encoding: chunked", method="POST", body=body)
    assert answer.status == 201
    assert len(house.calls) == 1


class Recorder(http.server.BaseHTTPRequestHandler):
    """A GitHub that notes every header and sends what it should not."""

    seen: list[dict[str, str]] = []

    def do_POST(self) -> None:
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"{}"
        self.send_response(200)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Set-Cookie": "session=theirs",
            "Connection": "X-Hop",
            "X-Hop": "1",
            "Proxy-Authenticate": "Basic",
            "Server": "theirs",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""


@pytest.fixture(scope="module")
def before_a_recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    world, folder = small_world(), tmp_path_factory.mktemp("recorded")
    with running(world, folder, GITHUB_API_URL=f"http://127.0.0.1:{server.server_port}") as house:
        yield house
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("method", "target", "range_"), [("POST", LABELS, ""), ("GET", "/api/v3/user/x", ""), ("GET", "/api/v3/x", "0-1")]
)
def test_hop_by_hop_headers_and_cookies_pass_in_neither_direction(
    before_a_recorder: Running, method: str, target: str, range_: str
) -> None:
    Recorder.seen.clear()
    body = b"{}" if method == "POST" else b""
    answer = before_a_recorder.ask(
        target,
        f"Authorization: token {DEV}",
        "Connection: close, X-GitHub-OTP, X-Named",
        "X-GitHub-OTP: 123456",
        "X-Named: 1",
        "Cookie: session=ours",
        "Proxy-Authorization: Basic eDp5",
        "TE: trailers",
        "Upgrade: h2c",
        "Keep-Alive: timeout=5",
        "X-Forwarded-For: 203.0.113.9",
        *([f"Range: bytes={range_}"] if range_ else []),
        *([f"Content-Length: {len(body)}"] if body else []),
        method=method,
        body=body,
        key="",
    )
    assert answer.status == 200
    sent = Recorder.seen[-1]
    ours = {"connection", "keep-alive", "cookie", "proxy-authorization", "te", "upgrade", "x-named", "x-github-otp",
            "x-forwarded-for", "x-api-key"}  # fmt: skip
    assert not {name: value for name, value in sent.items() if name in ours and value != "keep-alive"}
    told = answer.head.lower()
    assert not any(f"\r\n{name}:" in told for name in ("set-cookie", "x-hop", "proxy-authenticate"))
    assert "theirs" not in told


def test_github_is_told_who_we_are_and_not_who_asks(before_a_recorder: Running) -> None:
    Recorder.seen.clear()
    before_a_recorder.ask("/api/v3/y", f"Authorization: token {DEV}", "User-Agent: somebody/1.0", key="")
    assert Recorder.seen[-1]["user-agent"] == protocol.USER_AGENT
