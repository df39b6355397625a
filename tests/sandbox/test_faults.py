"""Faults on demand, as a client meets them."""

import pytest
import requests

from github_sandbox.faults import Faults
from github_sandbox.server import Handle
from tests.sandbox.conftest import Client


def test_a_fault_befalls_as_many_calls_as_it_should(ask: Client, sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "status", "status": 503, "path": "^/user$", "count": 2})
    assert [ask("GET", "/user").status_code for _ in range(3)] == [503, 503, 200]
    assert ask("GET", "/orgs/octo").status_code == 200


def test_an_html_error_page(ask: Client, sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "html", "count": 1})
    answer = ask("GET", "/user")
    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_reset_connection_still_did_the_work(ask: Client, sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "reset", "method": "POST", "count": 1})
    with pytest.raises(requests.ConnectionError):
        ask("POST", "/repos/octo/hello/labels", json={"name": "lost", "color": "ffffff"})
    assert ask("GET", "/repos/octo/hello/labels/lost").status_code == 200


@pytest.mark.parametrize("kind", ["cut_body", "wrong_length"])
def test_a_body_shorter_than_told(ask: Client, sandbox: Handle, kind: str) -> None:
    sandbox.faults.add({"kind": kind, "count": 1})
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        ask("GET", "/repos/octo/hello")
    assert ask("GET", "/repos/octo/hello").status_code == 200


def test_a_hanging_call_runs_into_the_clients_time_out(ask: Client, sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "hang", "count": 1})
    with pytest.raises(requests.ReadTimeout):
        ask("GET", "/user", timeout=0.2)


def test_a_dripping_body_arrives_whole(ask: Client, sandbox: Handle) -> None:
    whole = ask("GET", "/repos/octo/hello").content
    sandbox.faults.add({"kind": "drip", "seconds": 0.1, "count": 1})
    assert ask("GET", "/repos/octo/hello").content == whole


def test_a_forced_primary_refusal_empties_the_bucket(ask: Client, sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "primary", "count": 1})
    assert ask("GET", "/user").headers["X-RateLimit-Remaining"] == "0"
    assert ask("GET", "/user").status_code == 403


def test_a_forced_secondary_refusal_passes(ask: Client, sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "secondary", "count": 1, "retry_after": 3})
    refusal = ask("GET", "/user")
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (403, "3")
    assert ask("GET", "/user").status_code == 200


def test_a_false_304(ask: Client, sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "not_modified"})
    assert ask("GET", "/repos/octo/none", headers={"If-None-Match": '"anything"'}).status_code == 304
    assert ask("GET", "/repos/octo/none").status_code == 404


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        ({"kind": "flood"}, "unknown kind of fault 'flood'; there are: latency"),
        ({"kind": "status", "times": 2}, "unknown field 'times'"),
        ({"kind": "status", "path": "("}, "malformed"),
        ({"kind": "latency", "seconds": "long"}, "malformed"),
    ],
)
def test_a_misspelt_fault_says_what_is_wrong(wish: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint.replace("(", r"\(")):
        Faults().add(wish)


def test_a_probability_is_kept_to() -> None:
    faults = Faults()
    faults.add({"kind": "status", "probability": 0.25})
    befallen = sum(faults.pick("GET", "/x") is not None for _ in range(4000))
    assert 900 < befallen < 1100
