"""One line per request, with what it was about, what came of it and what it cost; hits are sampled, secrets never."""

import json
import logging
from collections.abc import Iterator

import pytest
import responses
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client
from prometheus_client import REGISTRY

from config import hit_ratio
from config.hit_ratio import Reads
from config.observability import logging_config
from config.requests_observed import HIT_SAMPLE, RequestLog, level_of
from github_cache import metrics
from github_cache.upstream import calls, tally
from github_cache.upstream.protocol import Call
from ratelimit.budget import Lane

TOKEN = "ghp_" + "a1" * 18


@pytest.fixture
def _restored() -> Iterator[None]:
    """Logging as the tests have it, afterwards."""
    yield
    logging_config("auto", "INFO")


class Lines(logging.Handler):
    """What was logged, as fields."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[logging.LogRecord] = []
        self.ids: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record)
        self.ids.append(structlog.contextvars.get_contextvars().get("request_id", ""))


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger, handler = logging.getLogger("hubcache.request"), Lines()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def answered(response: HttpResponse, **headers: str) -> HttpResponse:
    request = HttpRequest()
    request.method, request.path = "GET", "/api/v1/search"
    request.META |= headers
    return RequestLog(lambda _: response)(request)


@pytest.mark.parametrize(
    ("offered", "taken"), [("abc-123", True), ("a b", False), ("x" * 101, False), ("a\nb", False), ("", False)]
)
def test_a_request_id_is_the_callers_where_it_is_harmless(offered: str, taken: bool) -> None:
    given = answered(HttpResponse(), HTTP_X_REQUEST_ID=offered).headers["X-Request-Id"]
    assert (given == offered) is taken
    assert given


def test_a_line_says_who_what_and_at_what_cost(lines: Lines) -> None:
    answered(HttpResponse(headers={"X-Cache": "MISS"}), HTTP_X_REQUEST_ID="abc")
    (line,) = lines.found
    fields = vars(line)
    assert fields["method"] == "GET"
    assert fields["path"] == "/api/v1/search"
    assert fields["status"] == 200
    assert fields["outcome"] == "MISS"
    assert (fields["upstream_calls"], fields["cost"], fields["one_in"]) == (0, 0, 1)
    assert fields["milliseconds"] >= 0
    assert "tenant" in fields
    assert lines.ids == ["abc"]


def test_one_hit_in_so_many_is_logged_and_everything_else_is(lines: Lines) -> None:
    outcomes = iter(["HIT"] * (2 * HIT_SAMPLE) + ["MISS"] * 5)
    log = RequestLog(lambda _: HttpResponse(headers={"X-Cache": next(outcomes)}))
    for _ in range(2 * HIT_SAMPLE + 5):
        log(HttpRequest())
    assert [record.outcome for record in lines.found] == ["HIT"] * 2 + ["MISS"] * 5  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "level"),
    [(200, "INFO"), (304, "INFO"), (404, "INFO"), (429, "WARNING"), (503, "WARNING"), (500, "ERROR"), (502, "ERROR")],
)
def test_the_level_follows_from_the_status(status: int, level: str) -> None:
    assert logging.getLevelName(level_of(status)) == level


@pytest.mark.django_db
def test_time_is_measured_by_route(client: Client) -> None:
    def count() -> float:
        labels = {"endpoint": "/health/live", "method": "GET", "status": "200"}
        return REGISTRY.get_sample_value("http_request_duration_seconds_count", labels) or 0.0

    before = count()
    client.get("/health/live")
    assert count() == before + 1


@pytest.mark.django_db
def test_a_path_that_leads_nowhere_makes_no_label_of_its_own(client: Client) -> None:
    client.get("/no/such/path/4711")
    for family in REGISTRY.collect():
        assert all("4711" not in value for sample in family.samples for value in sample.labels.values())


@pytest.mark.django_db
@responses.activate
def test_a_call_to_github_bears_the_requests_id_and_is_counted(settings: pytest.FixtureRequest) -> None:
    settings.GITHUB_TOKENS = (TOKEN,)  # type: ignore[attr-defined]
    responses.get("https://api.github.com/repos/acme/api", json={"id": 1})
    from github_cache.upstream.attempts import Bearer

    with tally.opened("the-request") as asked:
        bearer = Bearer("account", "identity", "name", TOKEN)
        calls.send(Call("GET", "/repos/acme/api"), tenant="default", lane=Lane.INTERACTIVE, bearer=bearer)
    assert responses.calls[0].request.headers["X-Request-Id"] == "the-request"
    assert (asked.calls, asked.cost) == (1, 1)
    assert tally.current() is None


@pytest.mark.usefixtures("_restored")
def test_a_line_is_one_json_object_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    logging_config("json", "INFO")
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        logging.getLogger("hubcache.request").info("request", extra={"path": f"/x?token={TOKEN}", "cost": 2})
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"]) == ("request", "info", "hubcache.request")
    assert (line["request_id"], line["cost"], line["path"]) == ("abc", 2, "/x?token=[redacted]")
    assert line["timestamp"].endswith("Z")


@pytest.mark.usefixtures("_restored")
def test_for_people_a_line_is_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    logging_config("console", "INFO")
    logging.getLogger("hubcache.request").info("request", extra={"outcome": "HIT"})
    said = capsys.readouterr().err
    assert "request" in said
    assert "HIT" in said
    assert not said.lstrip().startswith("{")


def test_the_hit_ratio_is_of_what_was_read_in_between() -> None:
    assert hit_ratio.line(Reads(10, 10), Reads(19, 11)) == {"hits": 9, "misses": 1, "hit_ratio": 0.9}
    assert hit_ratio.line(Reads(1, 1), Reads(1, 1)) is None


def test_repeats_count_as_hits() -> None:
    def own() -> Reads:
        return hit_ratio.counted(
            family for metric in (metrics.HITS, metrics.MISSES, metrics.HOT_REPEATS) for family in metric.collect()
        )

    before = own()
    metrics.reads("acme", "repo", "HIT").inc()
    metrics.HOT_REPEATS.labels("acme", "repo").inc()
    metrics.reads("acme", "repo", "MISS").inc()
    assert hit_ratio.line(before, own()) == {"hits": 2, "misses": 1, "hit_ratio": 0.6667}
