"""What a GraphQL answer says: the body decides, and data beside errors is used."""

from typing import Any

import orjson
import pytest

from github_cache.upstream import graphql_answers
from github_cache.upstream.errors import BadAnswer, Forbidden, NotFound, Refused, TooMuch, Unsupported
from github_cache.upstream.graphql_answers import GraphqlAnswer
from github_cache.upstream.protocol import Headers, Reply


def read(body: Any, status: int = 200) -> GraphqlAnswer:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return graphql_answers.read(Reply(status, Headers({}), data, 0.1, "me"))


def problem(kind: str, *path: str | int, message: str = "no") -> dict[str, Any]:
    return {"type": kind, "message": message, "path": list(path)}


def test_data_with_its_cost() -> None:
    answer = read({"data": {"rateLimit": {"cost": 7}, "r0": {"name": "api"}}})
    assert answer.at("r0") == {"name": "api"}
    assert (answer.cost, answer.problems, answer.bearer) == (7, (), "me")
    assert "rateLimit" not in answer.data


def test_partial_data_and_its_errors_side_by_side() -> None:
    answer = read(
        {
            "data": {"r0": {"name": "api"}, "r1": None},
            "errors": [problem("NOT_FOUND", "r1"), problem("FORBIDDEN", "r0", "issues", 3, message="not yours")],
        }
    )
    assert answer.at("r0") == {"name": "api"}
    assert answer.beside("r0") == ("r0/issues/3: not yours",)
    with pytest.raises(NotFound):
        answer.at("r1")


def test_one_repository_that_is_not_there_is_told_where_it_is_read() -> None:
    answer = read({"data": {"r0": None}, "errors": [problem("NOT_FOUND", "r0", message="Could not resolve")]})
    with pytest.raises(NotFound, match="Could not resolve"):
        answer.at("r0")


def test_null_without_a_reason_is_not_found() -> None:
    with pytest.raises(NotFound):
        read({"data": {"repositoryOwner": None}}).at("repositoryOwner")


def test_a_query_that_was_cut_short() -> None:
    body = {"data": {"r0": {"name": "api"}, "r1": None}, "errors": [problem("RESOURCE_LIMITS_EXCEEDED", "r1")]}
    assert read(body).cut_short


@pytest.mark.parametrize("kind", ["RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"])
@pytest.mark.parametrize("data", [None, {"r0": None}, {"rateLimit": {"cost": 1}, "r0": None}])
def test_a_query_that_was_too_large(kind: str, data: Any) -> None:
    with pytest.raises(TooMuch):
        read({"data": data, "errors": [problem(kind)]})


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Field 'x' doesn't exist on type 'Issue'", "path": ["query", "r0", "x"]},
        {"message": "unknown", "extensions": {"code": "undefinedField"}},
        {"message": "unknown", "extensions": {"code": "undefinedType"}, "path": ["query"]},
    ],
)
def test_a_field_that_an_older_server_does_not_know(error: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        read({"errors": [error]})


def test_an_error_of_the_whole_query() -> None:
    with pytest.raises(Forbidden, match="not accessible"):
        read({"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}]})


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"x"', b"null", b'{"data":'])
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read(body)


def test_rubbish_in_the_errors_does_no_harm() -> None:
    answer = read({"data": {"r0": {"a": 1}}, "errors": ["x", None, {}, {"path": 3, "message": None, "extensions": []}]})
    assert answer.at("r0") == {"a": 1}
    assert all(each.message for each in answer.problems)


def test_another_status() -> None:
    with pytest.raises(Refused, match="Bad credentials") as raised:
        read({"message": "Bad credentials"}, status=401)
    assert raised.value.status == 401
