"""What a running house sends to Sentry while tokens are used, refused and fail: traces without a secret."""

import gzip
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import canaries
from tests.journeys.house import House, running, until

TOKENS = ("ghp_sandbox_admin_1", "ghp_CANARYrefused0000000000000000000000", "CANARY-of-no-known-form")


@pytest.fixture
def received() -> Iterator[tuple[str, list[bytes]]]:
    """The DSN of a Sentry of one's own, and the envelopes that it was sent."""
    envelopes: list[bytes] = []

    class Sentry(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            envelopes.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not of interest."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sentry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://key@127.0.0.1:{server.server_port}/1", envelopes
        server.shutdown()


def ask(house: House, number: int, path: str, token: str) -> int:
    """As a caller whose own Sentry follows the request, so that the house follows it too."""
    headers = {"Authorization": f"Bearer {token}", "Sentry-Trace": f"{number:032x}-{number:016x}-1"}
    return requests.get(house.url + path, headers=headers, timeout=30).status_code


def test_traces_of_good_refused_and_failing_calls(received: tuple[str, list[bytes]], tmp_path: Path) -> None:
    dsn, envelopes = received
    with running(tmp_path, "--level 1 --repos 2 --automations 4", SENTRY_DSN=dsn) as house:
        paths = [f"/api/v3/{path}" for path in ("user", "orgs/octo-sample/repos", "repos/octo-sample/nothing")]
        codes = {ask(house, number, path, token) for number, path in enumerate(paths, 1) for token in TOKENS}
        house.control("POST", "/faults", kind="html", count=1000)
        codes |= {ask(house, 9, "/api/v3/repos/octo-sample/other", token) for token in TOKENS}
        until(lambda: sum(b'"type":"transaction"' in each for each in envelopes) >= len(paths), "the traces")

    assert {200, 401, 404} <= codes
    told = b"".join(envelopes)
    assert b"/api/v3" in told
    assert canaries.PLANTED.search(told) is None
