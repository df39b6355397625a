"""Search in issues and repositories (docs.github.com/rest/search): words and the commonest qualifiers."""

import shlex
from collections.abc import Callable
from typing import Any

from github_sandbox.bodies.issues import issue_body
from github_sandbox.bodies.repositories import repository_in_list
from github_sandbox.call import Answer, Call, Refused
from github_sandbox.entities import Issue, PullRequest, Repository
from github_sandbox.rest.paging import page_of
from github_sandbox.routing import Route

_MOST_RESULTS = 1000


def issues(call: Call) -> Answer:
    """Words are sought in title and body; `repo:`, `org:`, `is:`, `state:`, `label:`, `author:` narrow."""
    words, qualifiers = _query(call)
    found = [
        (repository, issue)
        for repository in call.world.visible_repositories(call.account)
        if _fits_repository(repository, qualifiers)
        for issue in repository.issues.values()
        if _fits_issue(repository, issue, words, qualifiers)
    ]
    found.sort(key=lambda pair: pair[1].updated_at, reverse=True)
    return _results(call, found, "issues", lambda pair: issue_body(*pair, call.urls) | {"score": 1.0})


def repositories(call: Call) -> Answer:
    """Words are sought in name, description and topics; `org:`, `language:`, `topic:`, `is:` narrow."""
    words, qualifiers = _query(call)
    found = [
        repository
        for repository in call.world.visible_repositories(call.account)
        if _fits_repository(repository, qualifiers) and _fits_words(repository, words, qualifiers)
    ]
    found.sort(key=lambda r: (r.stargazers, r.id), reverse=True)
    return _results(
        call, found, "repositories", lambda r: repository_in_list(r, call.urls, call.role(r)) | {"score": 1.0}
    )


def _query(call: Call) -> tuple[list[str], list[tuple[str, str]]]:
    text = call.query.get("q", "").strip()
    if not text:
        error = {"resource": "Search", "field": "q", "code": "missing"}
        raise Refused(422, "Validation Failed", [error])
    try:
        parts = shlex.split(text)
    except ValueError:
        parts = text.split()
    qualifiers = [(name.lower(), value.lower()) for name, colon, value in (p.partition(":") for p in parts) if colon]
    return [part.lower() for part in parts if ":" not in part], qualifiers


def _fits_repository(repository: Repository, qualifiers: list[tuple[str, str]]) -> bool:
    named = [value for name, value in qualifiers if name == "repo"]
    owners = [value for name, value in qualifiers if name in ("org", "user")]
    return (not named or repository.full_name.lower() in named) and (
        not owners or repository.owner.login.lower() in owners
    )


def _fits_issue(repository: Repository, issue: Issue, words: list[str], qualifiers: list[tuple[str, str]]) -> bool:
    text = f"{issue.title} {issue.body or ''}".lower()
    is_pull = isinstance(issue, PullRequest)
    facts = {("is", "pr" if is_pull else "issue"), ("type", "pr" if is_pull else "issue")}
    facts |= {("is", issue.state), ("state", issue.state), ("author", issue.user.login.lower())}
    facts |= {("is", "private" if repository.private else "public")}
    facts |= {("label", label.name.lower()) for label in issue.labels}
    if is_pull and issue.merged_at is not None:
        facts.add(("is", "merged"))
    asked = [q for q in qualifiers if q[0] in ("is", "type", "state", "author", "label")]
    return all(word in text for word in words) and all(q in facts for q in asked)


def _fits_words(repository: Repository, words: list[str], qualifiers: list[tuple[str, str]]) -> bool:
    text = " ".join([repository.name, repository.description or "", *repository.topics]).lower()
    facts = {("topic", topic) for topic in repository.topics}
    facts |= {("language", (repository.language or "").lower()), ("is", "private" if repository.private else "public")}
    facts |= {("archived", str(repository.archived).lower()), ("fork", "true" if repository.fork else "false")}
    asked = [q for q in qualifiers if q[0] in ("topic", "language", "is", "archived")]
    return all(word in text for word in words) and all(q in facts for q in asked)


def _results(call: Call, found: list[Any], kind: str, body: Callable[[Any], Any]) -> Answer:
    answer = page_of(call, found[:_MOST_RESULTS], f"{call.api_url}/search/{kind}", body)
    answer.body = {"total_count": len(found), "incomplete_results": False, "items": answer.body}
    answer.cacheable = False
    return answer


ROUTES = [
    Route("GET", "/search/issues", issues),
    Route("GET", "/search/repositories", repositories),
]
