"""Pull requests (docs.github.com/rest/pulls): listed, shown, opened, edited."""

from collections.abc import Callable
from typing import Any

from github_sandbox import changes
from github_sandbox.bodies.issues import pull_body, pull_in_list
from github_sandbox.call import Answer, Call, invalid, not_found
from github_sandbox.entities import PullRequest, Repository
from github_sandbox.rest.paging import in_order, page_of, repository_url
from github_sandbox.routing import Route

_KEYS: dict[str, Callable[[PullRequest], Any]] = {
    "created": lambda p: (p.created_at, p.number),
    "updated": lambda p: (p.updated_at, p.number),
    "popularity": lambda p: (len(p.comments), p.number),
}


def pulls(call: Call, repository: Repository) -> Answer:
    state = call.query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("PullRequest", "state")
    base = call.query.get("base")
    head = call.query.get("head", "").rpartition(":")[2]
    found = [
        pull
        for pull in repository.pulls()
        if state in ("all", pull.state) and base in (None, pull.base_ref) and head in ("", pull.head_ref)
    ]
    ordered = in_order(call, found, _KEYS, "created", set())
    url = repository_url(call, repository, "/pulls")
    return page_of(call, ordered, url, lambda pull: pull_in_list(repository, pull, call.urls))


def pull(call: Call, repository: Repository, number: str) -> Answer:
    found = _pull(repository, number)
    return Answer(pull_body(repository, found, call.urls), last_modified=found.updated_at)


def open_pull(call: Call, repository: Repository) -> Answer:
    live = call.writable(repository)
    wish = call.json()
    for name in ("title", "head", "base"):
        if not isinstance(wish.get(name), str) or not wish[name]:
            raise invalid("PullRequest", name, "missing_field")
    head, base = wish["head"].rpartition(":")[2], wish["base"]
    for name, ref in (("head", head), ("base", base)):
        if ref not in live.branches:
            raise invalid("PullRequest", name)
    made = changes.open_pull(call.world, live, call.signed_in(), wish["title"], wish.get("body"), head, base)
    body = pull_body(live, made, call.urls)
    return Answer(body, 201, {"Location": body["url"]})


def edit_pull(call: Call, repository: Repository, number: str) -> Answer:
    live = call.writable(repository)
    found = _pull(live, number)
    wish = {name: value for name, value in call.json().items() if name in ("title", "body", "state")}
    if wish.get("state", "open") not in ("open", "closed"):
        raise invalid("PullRequest", "state")
    changes.edit_issue(call.world, live, call.signed_in(), found, wish)
    return Answer(pull_body(live, found, call.urls))


def _pull(repository: Repository, number: str) -> PullRequest:
    found = repository.issues.get(int(number)) if number.isdecimal() else None
    if not isinstance(found, PullRequest):
        raise not_found()
    return found


ROUTES = [
    Route("GET", "/pulls", pulls, "repo"),
    Route("POST", "/pulls", open_pull, creates_content=True),
    Route("GET", "/pulls/{number}", pull, "repo"),
    Route("PATCH", "/pulls/{number}", edit_pull),
]
