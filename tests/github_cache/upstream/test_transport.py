"""The one socket: what it sends, and what it never does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django import Settings

from github_cache.upstream import transport
from github_cache.upstream.errors import BadAnswer, Unreachable
from github_cache.upstream.protocol import Call
from github_cache.upstream.transport import Timeouts

TIMEOUTS = Timeouts(1, 1)
seen: list[dict[str, str]] = []
over = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    """Keeps the headers of what it is asked, and answers with a cookie, a redirection or much data."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        seen.append({**dict(self.headers), ":path": self.path})
        if self.path == "/silent" or (self.path == "/ended" and len(seen) == 2):
            self.close_connection = True
            return
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Set-Cookie", "session=1")
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        body = b"x" * 300_000 if self.path == "/large" else b"{}"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/dripping":
            over.wait(0.2)
            self.wfile.write(body[:1])
            over.wait(0.2)
            self.wfile.write(body[1:])
            return
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def server(settings: Settings) -> Iterator[str]:
    seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        settings.GITHUB_API_URL = f"http://127.0.0.1:{listening.server_port}"
        yield settings.GITHUB_API_URL
        listening.shutdown()
        thread.join()


def get(path: str, *headers: tuple[str, str]) -> tuple[int, bytes]:
    with transport.send(Call("GET", path, headers), "ghp_mine", TIMEOUTS) as raw:
        return raw.status, raw.body()


def test_what_is_sent(server: str) -> None:
    get("/repos/a/b/labels/a%2Fb?x=%20y", ("X-GitHub-Api-Version", "2026-01-01"), ("Authorization", "token theirs"))
    (sent,) = seen
    assert sent[":path"] == "/repos/a/b/labels/a%2Fb?x=%20y"
    assert sent["Authorization"] == "Bearer ghp_mine"
    assert sent["Accept"] == "application/vnd.github+json"
    assert sent["X-GitHub-Api-Version"] == "2026-01-01"
    # GitHub pretty-prints for browsers and curl, after it has made the ETag.
    assert not any(word in sent["User-Agent"].lower() for word in ("curl", "wget", "safari", "firefox"))


def test_a_kept_connection_that_ends_when_it_is_used_again_is_replaced(server: str) -> None:
    for _ in range(2):
        assert get("/ended") == (200, b"{}")
    assert [each[":path"] for each in seen] == ["/ended"] * 3


@pytest.mark.parametrize(("method", "sent"), [("GET", 2), ("POST", 1)])
def test_what_is_never_answered_is_given_up(server: str, method: str, sent: int) -> None:
    with pytest.raises(Unreachable), transport.send(Call(method, "/silent"), "ghp_mine", TIMEOUTS):
        pass
    assert len(seen) == sent


def test_no_cookie_is_kept(server: str) -> None:
    get("/one")
    get("/two")
    assert all("Cookie" not in sent for sent in seen)


def test_no_redirection_is_followed(server: str) -> None:
    assert get("/away")[0] == 302
    assert len(seen) == 1


def test_surroundings_do_not_matter(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get("/user") == (200, b"{}")


def test_a_body_that_is_too_large_is_not_held(server: str) -> None:
    with (
        transport.send(Call("GET", "/large"), "ghp_mine", TIMEOUTS) as raw,
        pytest.raises(BadAnswer, match="larger than 100000 bytes"),
    ):
        raw.body(most=100_000)


def test_a_large_body_can_be_read_piece_by_piece(server: str) -> None:
    with transport.send(Call("GET", "/large"), "ghp_mine", TIMEOUTS) as raw:
        sizes = [len(chunk) for chunk in raw.chunks()]
    assert sum(sizes) == 300_000
    assert len(sizes) > 1


def test_an_answer_that_drips_may_not_take_for_ever(server: str) -> None:
    with (
        transport.send(Call("GET", "/dripping"), "t", Timeouts(1, 1, total=0.1)) as raw,
        pytest.raises(Unreachable) as late,
    ):
        raw.body()
    assert late.value.timed_out
    with transport.send(Call("GET", "/dripping"), "t", TIMEOUTS) as raw:
        assert raw.body() == b"{}"
