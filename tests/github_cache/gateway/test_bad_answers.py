"""What no GitHub should send, byte by byte over a real socket, seen by a caller of ours over HTTP: a clear error, no
crash, nothing of it kept, and a ledger that goes on counting right."""

import gzip
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate

import pytest
from pytest_django import Settings

from github_cache import keys
from github_cache.upstream import credentials
from github_cache.upstream.transport import MOST_BYTES
from ratelimit.governor import governor
from ratelimit.ledger import AccountStatus
from tests.github_cache.gateway.house import ADMIN, DEV, House

PATHS = ["/api/v3/repos/octo/hello", "/api/v1/github/octo/hello/info"]
JSON = "Content-Type: application/json; charset=utf-8"
WEEK = 7 * 24 * 3600


class Rogue(socketserver.ThreadingTCPServer):
    """Answers every call with the same bytes, and closes."""

    daemon_threads = True
    allow_reuse_address = True
    answer = b""
    asked: list[bytes]
    heads: list[bytes]

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        head = b""
        while b"\r\n\r\n" not in head:
            part = request.recv(65536)
            if not part:
                return
            head += part
        self.asked.append(head.split(b"\r\n", 1)[0])
        self.heads.append(head)
        request.sendall(self.answer)

    def says(self, body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> None:
        length = len(body) if length is None else length
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {length}", "Connection: close", *headers]
        self.answer = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@pytest.fixture
def rogue(house: House, settings: Settings) -> Iterator[Rogue]:
    """In place of the sandbox, once it has told which limits there are."""
    with Rogue(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        server.asked, server.heads = [], []
        house.get("/api/v3/user")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        settings.GITHUB_API_URL, settings.GITHUB_GRAPHQL_URL = url, f"{url}/graphql"
        yield server
        server.shutdown()
        thread.join()


def ledger() -> AccountStatus:
    account = keys.identity(ADMIN)
    return governor().describe([account])[account]


def remaining() -> int:
    return next(quota.remaining for quota in ledger().quotas if quota.bucket == "core")


BROKEN: dict[str, Callable[[Rogue], None]] = {
    "HTML for JSON": lambda rogue: rogue.says(b"<html>Unicorn!</html>", "Content-Type: text/html; charset=utf-8"),
    "HTML that says it is JSON": lambda rogue: rogue.says(b"<html>Unicorn!</html>", JSON),
    "nothing for JSON": lambda rogue: rogue.says(b"", JSON),
    "a body cut off within its length": lambda rogue: rogue.says(b'{"id": 1, "login": "oc', JSON),
    "a body cut off": lambda rogue: rogue.says(b'{"id": 1, "login": "oc', JSON, length=1000),
    "a length that is too short": lambda rogue: rogue.says(b'{"id": 1, "login": "octo"}', JSON, length=9),
    "a length that is a word": lambda rogue: setattr(
        rogue, "answer", f"HTTP/1.1 200 OK\r\n{JSON}\r\nContent-Length: much\r\n\r\n{{\"id\": ".encode()
    ),
    "two lengths": lambda rogue: rogue.says(b"{}", JSON, "Content-Length: 7"),
    "gzip that is none": lambda rogue: rogue.says(b"{}", JSON, "Content-Encoding: gzip"),
    "chunks that are none": lambda rogue: setattr(
        rogue, "answer", f"HTTP/1.1 200 OK\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n".encode()
    ),
    "no HTTP": lambda rogue: setattr(rogue, "answer", b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a header without end": lambda rogue: setattr(rogue, "answer", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000),
    "headers without end": lambda rogue: setattr(rogue, "answer", b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200),
    "a status that is none": lambda rogue: rogue.says(b"{}", JSON, status="999 What"),
}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("broken", BROKEN)
def test_an_answer_that_is_broken(house: House, rogue: Rogue, broken: str, path: str) -> None:
    before = remaining()
    BROKEN[broken](rogue)
    answer = house.get(path)
    assert answer.status_code in (502, 504)
    said = answer.json()
    assert "GitHub" in said.get("message", said.get("detail", ""))
    assert ADMIN not in answer.content.decode()
    assert ledger().in_flight == 0
    assert remaining() == before - sum(asked.startswith(b"GET") for asked in rogue.asked)
    rogue.says(b'{"message": "Not Found"}', JSON, status="404 Not Found")
    assert house.get(path).status_code == 404


def limits(remaining: object, reset: object, limit: object = 5000) -> tuple[str, str, str]:
    return f"X-RateLimit-Limit: {limit}", f"X-RateLimit-Remaining: {remaining}", f"X-RateLimit-Reset: {reset}"


RUBBISH = {
    "rubbish": (*limits(-1, "1e9", "many"), "Retry-After: soon"),
    "enormous": limits("9" * 40, "9" * 40, "9" * 40),
    "empty": (*limits("", "", ""), "Date:"),
    "another alphabet": limits("\xb9", "\xb2", "\xb2\xb3"),
    "a bucket that is none": (*limits(9, "no"), "X-RateLimit-Resource: {a}|b"),
    "a reset a week ahead": limits(0, int(time.time()) + WEEK),
    "a reset long ago": limits(0, 1),
}


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_limits_that_cannot_be_are_no_reading(house: House, rogue: Rogue, rubbish: str) -> None:
    before = remaining()
    rogue.says(b'{"message": "Not Found"}', JSON, *RUBBISH[rubbish], status="404 Not Found")
    assert house.get("/api/v3/orgs/octo").status_code == 404
    assert ledger().in_flight == 0
    assert {quota.bucket for quota in ledger().quotas} == {"core"}
    assert remaining() == before - len(rogue.asked)
    assert ledger().resting == ()


@pytest.mark.parametrize("reset", ["a week ahead", "soon", "rubbish"])
def test_a_refusal_with_a_reset_that_cannot_be_rests_a_minute(house: House, rogue: Rogue, reset: str) -> None:
    stamp = {"a week ahead": int(time.time()) + WEEK, "soon": int(time.time()) + 20}.get(reset, reset)
    refusal = b'{"message": "API rate limit exceeded for user ID 1."}'
    rogue.says(refusal, JSON, *limits(0, stamp), status="403 Forbidden")
    answer = house.get("/api/v3/orgs/octo")
    assert answer.status_code == 403
    assert "rate limit" in answer.json()["message"]
    assert int(answer["Retry-After"]) in ((20, 21, 22) if reset == "soon" else range(58, 67))
    assert len(rogue.asked) == 1
    assert house.get("/api/v3/orgs/octo").status_code == 403
    assert len(rogue.asked) == 1


@pytest.mark.parametrize("skew", [-WEEK, -7200, 7200, WEEK])
def test_githubs_clock_may_be_another(house: House, rogue: Rogue, skew: int) -> None:
    there, (core,) = time.time() + skew, ledger().quotas
    date = f"Date: {formatdate(there, usegmt=True)}"
    rogue.says(b'{"login": "octo", "id": 1}', JSON, date, *limits(7, int(core.reset) + skew))
    assert house.get("/api/v3/orgs/octo").status_code == 200
    assert remaining() == 7
    assert abs(ledger().quotas[0].reset - core.reset) < 5


NAMES = ["..", "%2e%2e", "%252e%252e", "a%5Cb", "%20", "x" * 5000, "a%00b", "a%0d%0aX-Evil:1", "-a", "é", "."]
SURFACES = [
    "/api/v3/repos/{}/hello",
    "/api/v3/repos/{}/hello/issues",
    "/api/v3/orgs/{}/repos",
    "/api/v3/users/{}/repos",
    "/api/v1/github/{}/hello/info",
    "/api/v1/github/{}/hello/issues",
    "/api/v1/github/orgs/{}/repos",
]


@pytest.mark.parametrize("path", SURFACES)
def test_an_owner_that_cannot_be_is_a_clear_error_and_no_call(house: House, path: str) -> None:
    for name in NAMES:
        refused_unasked(house, path.format(name))


# To a path of GitHub's own, a slash is a slash however it is spelt: GitHub answers that there is no such path.
@pytest.mark.parametrize("path", SURFACES)
def test_nor_one_that_shifts_the_path(house: House, path: str) -> None:
    refused_unasked(house, path.format(""))
    if path.startswith("/api/v3"):
        assert house.get(path.format("a%2Fb")).status_code == 404
    else:
        refused_unasked(house, path.format("a%2Fb"))


@pytest.mark.parametrize("path", ["/api/v3/repos/octo/{}/issues", "/api/v1/github/octo/{}/info"])
def test_nor_is_a_repository(house: House, path: str) -> None:
    for name in ("..", "%2e%2e", "", "x" * 5000, "a%5Cb", "a%00b", "."):
        refused_unasked(house, path.format(name))


def refused_unasked(house: House, path: str) -> None:
    house.forgotten()
    answer = house.get(path)
    assert answer.status_code in (400, 404), path
    said = answer.json()
    assert said.get("message") or said.get("detail"), path
    assert house.calls == 0, path


def test_a_page_that_comes_with_a_redirection_or_nothing_is_no_fault(house: House, rogue: Rogue) -> None:
    html = "Content-Type: text/html;charset=utf-8"
    rogue.says(b"<html>Found</html>", html, "Location: https://codeload.example/x", status="302 Found")
    answer = house.get("/api/v3/orgs/octo/migrations/1/archive")
    assert (answer.status_code, answer["Location"]) == (302, "https://codeload.example/x")
    rogue.says(b"", html, status="205 Reset Content")
    assert house.ask("PUT", "/api/v3/notifications", body={}).status_code == 205


def test_a_redirection_has_its_body(house: House, rogue: Rogue) -> None:
    body = b'{"message":"Moved Permanently"}'
    rogue.says(body, JSON, "Location: /repositories/1/x", status="301 Moved Permanently")
    assert house.get("/api/v3/orgs/octo/somewhere").content == body


def test_an_answer_to_a_condition_that_was_not_set_is_none(house: House, rogue: Rogue) -> None:
    rogue.says(b"", status="304 Not Modified")
    assert house.get("/api/v3/orgs/octo/somewhere").status_code == 502


def test_what_has_no_type_is_given_none(house: House, rogue: Rogue) -> None:
    rogue.says(b"<script>alert(1)</script>")
    answer = house.get("/api/v3/orgs/octo/somewhere")
    assert answer.status_code == 200
    assert "Content-Type" not in answer


def test_a_file_too_large_to_be_held_is_passed_on_all_the_same(house: House, rogue: Rogue) -> None:
    rogue.says(b"x" * (MOST_BYTES + 1), "Content-Type: application/vnd.github.raw; charset=utf-8")
    answer = house.get("/api/v3/repos/octo/hello/contents/large", Accept="application/vnd.github.raw")
    assert sum(map(len, answer.streaming_content)) == MOST_BYTES + 1


@pytest.mark.parametrize(("pinned", "other"), [(ADMIN, DEV), (DEV, ADMIN)])
def test_and_is_asked_for_with_the_same_token(
    house: House, rogue: Rogue, settings: Settings, pinned: str, other: str
) -> None:
    settings.GITHUB_TOKEN, settings.GITHUB_TOKENS = pinned, (other, pinned)
    credentials.forget()
    rogue.says(b"x" * (MOST_BYTES + 1), "Content-Type: application/octet-stream")
    assert house.get("/api/v3/user/large").status_code == 200
    assert [pinned.encode() in head for head in rogue.heads] == [True, True]


def test_a_stream_that_comes_compressed_all_the_same_is_whole(house: House, rogue: Rogue) -> None:
    log = b"It breaks. " * 1000
    rogue.says(gzip.compress(log), "Content-Type: text/plain", "Content-Encoding: gzip")
    answer = house.get("/api/v3/repos/octo/hello/actions/jobs/1/logs")
    assert b"".join(answer.streaming_content) == log
    assert "Content-Length" not in answer
    assert b"identity" in rogue.heads[-1]
