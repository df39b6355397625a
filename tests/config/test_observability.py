"""Nothing that looks like a secret is written or sent."""

import logging

import pytest
import structlog
from django.test import RequestFactory

from config.observability import REDACTED, redact


@pytest.mark.parametrize(
    "text",
    [
        "ghp_" + "a1" * 18,
        "github_pat_" + "b2" * 20,
        "ghs_" + "c3" * 18,
        "hc_" + "dE-_" * 10,
        "Authorization: Bearer abcdefgh12345678",
        "authorization: token 0123456789abcdef0123456789abcdef01234567",
        "redis://:hunter22@cache:6379/0",
        "postgres://hubcache:hunter22@db/hubcache",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    cleaned = redact({"event": [text, (text,)], "number": 1})
    assert REDACTED in cleaned["event"][0]
    for part in ("a1a1", "b2b2", "c3c3", "dE-_dE", "abcdefgh", "01234567", "hunter22"):
        assert part not in str(cleaned)


def test_what_is_no_secret_stays() -> None:
    text = "GET /repos/acme/api in 12 ms, delivery 72d3162e-cc78-11e3-81ab-4c9367dc0958"
    assert redact({"event": text, "count": 3, "none": None}) == {"event": text, "count": 3, "none": None}


def test_a_line_about_a_request_tells_nothing_of_its_query() -> None:
    request = RequestFactory().get("/api/v3/user?access_token=0123456789abcdef")
    record = logging.makeLogRecord({"name": "django.request", "msg": "Bad Request", "request": request})
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    ours, *_ = [each for each in formatters if isinstance(each, structlog.stdlib.ProcessorFormatter)]
    line = ours.format(record)
    assert "GET /api/v3/user" in line
    assert "0123456789abcdef" not in line
