"""Search in issues and repositories (docs.github.com/rest/search)."""

from collections.abc import Callable
from typing import Any

from github_sandbox import searching
from github_sandbox.bodies.issues import issue_body
from github_sandbox.bodies.repositories import repository_in_list
from github_sandbox.call import Answer, Call, Refused
from github_sandbox.rest.paging import page_of
from github_sandbox.routing import Route

_MOST_RESULTS = 1000


def issues(call: Call) -> Answer:
    found = searching.issues(call.world, call.account, _query(call))
    answer = _results(call, found, "issues", lambda pair: issue_body(pair[0], pair[1], call.urls) | {"score": 1.0})
    answer.body["search_type"] = "lexical"
    return answer


def repositories(call: Call) -> Answer:
    found = searching.repositories(call.world, call.account, _query(call))
    return _results(
        call, found, "repositories", lambda r: repository_in_list(r, call.urls, call.role(r)) | {"score": 1.0}
    )


def _query(call: Call) -> str:
    text = call.query.get("q", "").strip()
    if not text:
        error = {"resource": "Search", "field": "q", "code": "missing"}
        raise Refused(422, "Validation Failed", [error])
    return text


def _results(call: Call, found: list[Any], kind: str, body: Callable[[Any], Any]) -> Answer:
    answer = page_of(call, found[:_MOST_RESULTS], f"{call.api_url}/search/{kind}", body)
    answer.body = {"total_count": len(found), "incomplete_results": False, "items": answer.body}
    answer.cacheable = False
    return answer


ROUTES = [
    Route("GET", "/search/issues", issues),
    Route("GET", "/search/repositories", repositories),
]
