"""Every row of what GitHub refuses and of how long to wait, by REST and by GraphQL."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratelimit.backoff import BackoffPolicy
from ratelimit.verdict import Answer, GiveUp, Proceed, Verdict, Wait, Why, judge

GITHUB_NOW = 1_790_000_000
WRONG_CLOCK = GITHUB_NOW - 40_000.0
DATE = format_datetime(datetime.fromtimestamp(GITHUB_NOW, UTC), usegmt=True)
POLICY = BackoffPolicy()

PRIMARY = "API rate limit exceeded for user ID 1."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
ABUSE = "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again."


def rest(status: int, body: object = b"", *, attempt: int = 1, **headers: object) -> Verdict:
    fields = {"Date": DATE, **{name.replace("_", "-"): str(value) for name, value in headers.items()}}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge(Answer(status, fields, raw), now=WRONG_CLOCK, attempt=attempt, policy=POLICY)


def graphql(body: object, *, status: int = 200, attempt: int = 1, **headers: object) -> Verdict:
    fields = {"Date": DATE, **{name.replace("_", "-"): str(value) for name, value in headers.items()}}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge(Answer(status, fields, raw, graphql=True), now=WRONG_CLOCK, attempt=attempt, policy=POLICY)


def said(message: str, **more: str) -> dict[str, str]:
    return {"message": message, **more}


EMPTY = {"X_RateLimit_Remaining": 0, "X_RateLimit_Reset": GITHUB_NOW + 12}


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    "message",
    [PRIMARY, "API rate limit exceeded for installation ID 7.", "API rate limit exceeded for 203.0.113.9. (But …)"],
)
def test_primary_waits_until_a_second_after_the_reset(status: int, message: str) -> None:
    assert rest(status, said(message), **EMPTY) == Wait(13.0, Why.PRIMARY, told=True)


def test_primary_with_a_reset_that_has_passed_waits_nothing_of_itself() -> None:
    passed = {"X_RateLimit_Remaining": 0, "X_RateLimit_Reset": GITHUB_NOW - 1}
    assert rest(403, said(PRIMARY), **passed) == Wait(0.0, Why.PRIMARY, told=True)


@pytest.mark.parametrize("reset", ["soon", "", GITHUB_NOW + 7 * 86400, "9" * 400])
def test_primary_with_a_reset_that_cannot_be_waits_a_minute(reset: object) -> None:
    assert rest(403, said(PRIMARY), X_RateLimit_Remaining=0, X_RateLimit_Reset=reset) == Wait(60.0, Why.PRIMARY)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (said(SECONDARY), Why.SECONDARY),
        (said(ABUSE), Why.ABUSE),
        (
            said("Forbidden", documentation_url="https://docs.github.com/rest/overview/x#secondary-rate-limits"),
            Why.SECONDARY,
        ),
        (said("Forbidden", documentation_url="https://developer.github.com/v3/#abuse-rate-limits"), Why.ABUSE),
    ],
)
def test_secondary_is_told_by_its_message_or_its_documentation(status: int, body: object, why: Why) -> None:
    assert rest(status, body, X_RateLimit_Remaining=4000, X_RateLimit_Reset=GITHUB_NOW + 900) == Wait(60.0, why)
    assert rest(status, body) == Wait(60.0, why)


@pytest.mark.parametrize("seconds", [1, 2, 8, 60, 123])
def test_retry_after_in_seconds_wins(seconds: int) -> None:
    assert rest(403, said(SECONDARY), Retry_After=seconds) == Wait(float(seconds), Why.SECONDARY, told=True)
    assert rest(429, said(PRIMARY), Retry_After=seconds, **EMPTY) == Wait(float(seconds), Why.PRIMARY, told=True)


def test_retry_after_as_a_date_counts_from_the_answers_own_date() -> None:
    date = format_datetime(datetime.fromtimestamp(GITHUB_NOW + 90, UTC), usegmt=True)
    assert rest(403, said(SECONDARY), Retry_After=date) == Wait(90.0, Why.SECONDARY, told=True)
    past = format_datetime(datetime.fromtimestamp(GITHUB_NOW - 90, UTC), usegmt=True)
    assert rest(403, said(SECONDARY), Retry_After=past) == Wait(0.0, Why.SECONDARY, told=True)


@pytest.mark.parametrize("rubbish", ["", "soon", "-5", "1.5", "9" * 30, 86_401])
def test_a_retry_after_that_cannot_be_is_ignored(rubbish: object) -> None:
    assert rest(403, said(SECONDARY), Retry_After=rubbish) == Wait(60.0, Why.SECONDARY)


def test_secondary_with_an_empty_bucket_waits_for_its_reset() -> None:
    assert rest(403, said(SECONDARY), **EMPTY) == Wait(13.0, Why.SECONDARY, told=True)


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 60), (1, 60), (2, 120), (3, 240), (7, 3600), (10_000, 3600)])
def test_a_guessed_wait_grows_up_to_an_hour(attempt: int, seconds: float) -> None:
    assert rest(403, said(SECONDARY), attempt=attempt) == Wait(seconds, Why.SECONDARY)


def test_without_a_date_the_clock_handed_in_counts() -> None:
    answer = Answer(
        403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1012"}, json.dumps(said(PRIMARY)).encode()
    )
    assert judge(answer, now=1000.0, attempt=1, policy=POLICY) == Wait(13.0, Why.PRIMARY, told=True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        said("Must have push access to repository"),
        said("Resource not accessible by integration"),
        said("Request forbidden by administrative rules. Please make sure your request has a User-Agent header"),
        [],
        "no",
    ],
)
@pytest.mark.parametrize("headers", [{}, EMPTY])
def test_a_permission_is_not_waited_for_even_with_an_empty_bucket(body: object, headers: dict[str, object]) -> None:
    assert rest(403, body, **headers) == GiveUp(Why.PERMISSION)


@pytest.mark.parametrize("body", [b"", b"<html>403</html>", b'{"message": "API ra', b"\xff\xfe", b"[" * 100_000])
def test_an_unreadable_refusal_is_judged_by_its_headers(body: bytes) -> None:
    assert rest(403, body) == GiveUp(Why.PERMISSION)
    assert rest(403, body, **EMPTY) == Wait(13.0, Why.PRIMARY, told=True)
    assert rest(429, body) == Wait(60.0, Why.SECONDARY)
    assert rest(403, body, Retry_After=8) == Wait(8.0, Why.SECONDARY, told=True)


def test_a_cut_off_body_still_shows_which_limit_it_was() -> None:
    assert rest(403, b'{"message": "You have exceeded a secondary rate limit. Ple') == Wait(60.0, Why.SECONDARY)


def test_429_is_a_limit_whatever_it_says() -> None:
    assert rest(429, {}) == Wait(60.0, Why.SECONDARY)
    assert rest(429, {}, **EMPTY) == Wait(13.0, Why.PRIMARY, told=True)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (400, Why.INVALID),
        (401, Why.BAD_CREDENTIALS),
        (404, Why.NOT_FOUND),
        (405, Why.INVALID),
        (409, Why.CONFLICT),
        (410, Why.GONE),
        (422, Why.INVALID),
        (451, Why.LEGAL),
        (501, Why.INVALID),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", said(PRIMARY)])
def test_what_no_waiting_heals_is_given_up(status: int, why: Why, body: object) -> None:
    assert rest(status, body, **EMPTY) == GiveUp(why)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 301, 302, 304, 307])
def test_answers_that_can_be_used_pass_with_an_empty_bucket(status: int) -> None:
    assert rest(status, b"<html>", **EMPTY) == Proceed()


@pytest.mark.parametrize(
    ("status", "why"),
    [(408, Why.TIME_OUT), (500, Why.SERVER_ERROR), (502, Why.TIME_OUT), (503, Why.SERVER_ERROR), (504, Why.TIME_OUT)],
)
@pytest.mark.parametrize("body", [b"<html>502</html>", said("Server Error"), b"", b'{"mess'])
def test_server_errors_are_left_to_the_backoff(status: int, why: Why, body: object) -> None:
    assert rest(status, body) == Wait(0.0, why)
    assert graphql(body, status=status) == Wait(0.0, why)
    assert rest(status, body, Retry_After=7) == Wait(7.0, why, told=True)


@pytest.mark.parametrize(
    "error",
    [
        {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."},
        {"type": "RATE_LIMIT", "message": "API rate limit already exceeded for user ID 1."},
        {"message": "no", "extensions": {"code": "graphql_rate_limit"}},
        {"message": "no", "code": "graphql_rate_limit"},
        {"message": "API rate limit exceeded for installation ID 3."},
    ],
)
def test_a_graphql_200_can_be_a_primary_refusal_whatever_the_headers_say(error: dict[str, object]) -> None:
    full = {"X_RateLimit_Remaining": 4000, "X_RateLimit_Reset": GITHUB_NOW + 12}
    assert graphql({"errors": [error]}, **full) == Wait(13.0, Why.GRAPHQL_PRIMARY, told=True)
    assert graphql({"data": {"repository": {"id": 1}}, "errors": [error]}).why is Why.GRAPHQL_PRIMARY


def test_graphql_refusals_with_other_statuses_are_read_too() -> None:
    assert graphql(said(PRIMARY), status=403, **EMPTY) == Wait(13.0, Why.GRAPHQL_PRIMARY, told=True)
    assert graphql(said(SECONDARY), status=403) == Wait(60.0, Why.SECONDARY)
    assert graphql({"errors": [{"message": SECONDARY}]}, Retry_After=9) == Wait(9.0, Why.SECONDARY, told=True)
    assert graphql({"errors": [{"message": ABUSE}]}) == Wait(60.0, Why.ABUSE)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ({"type": "NOT_FOUND", "path": ["repository"]}, Why.NOT_FOUND),
        ({"type": "FORBIDDEN"}, Why.PERMISSION),
        ({"type": "INSUFFICIENT_SCOPES"}, Why.PERMISSION),
        ({"type": "RESOURCE_LIMITS_EXCEEDED"}, Why.RESOURCE_LIMITS),
        ({"type": "MAX_NODE_LIMIT_EXCEEDED"}, Why.NODE_LIMIT),
        ({"extensions": {"code": "undefinedField"}, "message": "Field 'x' doesn't exist"}, Why.INVALID),
        ({"message": None, "type": None, "extensions": None}, Why.INVALID),
    ],
)
def test_graphql_errors_with_data_are_partial_and_without_are_given_up(error: dict[str, object], why: Why) -> None:
    assert graphql({"data": {"a": {"id": 1}, "b": None}, "errors": [error]}) == Proceed(Why.PARTIAL)
    for data in ({"repository": None}, {"repository": None, "rateLimit": {"cost": 1}}, None):
        assert graphql({"data": data, "errors": [error]}) == GiveUp(why)


def test_a_graphql_hiccup_is_a_server_error() -> None:
    message = "Something went wrong while executing your query. This may be the result of a timeout, or a GitHub bug."
    assert graphql({"data": None, "errors": [{"message": message}]}) == Wait(0.0, Why.HICCUP)
    assert graphql({"data": {"a": 1}, "errors": [{"message": message}]}) == Wait(0.0, Why.HICCUP)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data": {"a"', b'{"errors": }', b'["errors"]'])
def test_a_graphql_200_that_cannot_be_read_is_tried_again(body: bytes) -> None:
    assert graphql(body) == Wait(0.0, Why.UNREADABLE)


@pytest.mark.parametrize(
    "body", [{"data": {"a": 1}}, {"data": {"title": 'the "errors" word'}}, {"data": {}, "errors": []}]
)
def test_a_graphql_answer_passes(body: object) -> None:
    assert graphql(body) == Proceed()


@given(
    status=st.integers(100, 599),
    headers=st.dictionaries(
        st.sampled_from(["Date", "Retry-After", "X-RateLimit-Remaining", "x-ratelimit-reset"]), st.text()
    ),
    body=st.one_of(
        st.binary(),
        st.recursive(
            st.none() | st.booleans() | st.text(),
            lambda inner: (
                st.lists(inner) | st.dictionaries(st.sampled_from(["errors", "data", "type", "message"]), inner)
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
    is_graphql=st.booleans(),
)
def test_no_answer_raises(status: int, headers: dict[str, str], body: bytes, is_graphql: bool) -> None:
    verdict = judge(Answer(status, headers, body, is_graphql), now=WRONG_CLOCK, attempt=1, policy=POLICY)
    assert not isinstance(verdict, Wait) or 0 <= verdict.seconds <= 86_400
