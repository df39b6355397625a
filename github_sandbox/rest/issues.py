"""Issues and their comments (docs.github.com/rest/issues). A repository without issues answers 410."""

from collections.abc import Callable
from typing import Any

from github_sandbox import changes
from github_sandbox.bodies.issues import comment_body, issue_body, label_body, single_issue_body
from github_sandbox.call import Answer, Call, Refused, invalid, not_found, nothing
from github_sandbox.clock import parse_iso
from github_sandbox.entities import Account, Comment, Issue, PullRequest, Repository
from github_sandbox.rest.paging import in_order, page_of, repository_url
from github_sandbox.routing import Route

_KEYS: dict[str, Callable[[Issue], Any]] = {
    "created": lambda i: (i.created_at, i.number),
    "updated": lambda i: (i.updated_at, i.number),
    "comments": lambda i: (len(i.comments), i.number),
}


def issues(call: Call, repository: Repository) -> Answer:
    _enabled(repository)
    found = in_order(call, _filtered(call, list(repository.issues.values())), _KEYS, "created", set())
    url = repository_url(call, repository, "/issues")
    return page_of(call, found, url, lambda issue: issue_body(repository, issue, call.urls))


def issue(call: Call, repository: Repository, number: str) -> Answer:
    found = find_issue(repository, number)
    return Answer(single_issue_body(repository, found, call.urls), last_modified=found.updated_at)


def create_issue(call: Call, repository: Repository) -> Answer:
    account = call.signed_in()
    _enabled(repository)
    if repository.archived:
        raise Refused(403, "Repository was archived so is read-only.")
    live = call.world.before_write(repository)
    wish = call.json()
    title = wish.get("title")
    if not isinstance(title, str) or not title.strip():
        raise invalid("Issue", "title", "missing_field")
    may_label = call.world.can(account, "triage", live)
    made = changes.create_issue(
        call.world, live, account, title, wish.get("body"), _label_names(wish) if may_label else []
    )
    return Answer(
        single_issue_body(live, made, call.urls), 201, {"Location": f"{call.urls.repo(live)}/issues/{made.number}"}
    )


def edit_issue(call: Call, repository: Repository, number: str) -> Answer:
    account = call.signed_in()
    found = find_issue(repository, number)
    role = "pull" if found.user is account else "triage"
    live = call.writable(repository, role)
    wish = call.json()
    if wish.get("state", "open") not in ("open", "closed"):
        raise invalid("Issue", "state")
    if "labels" in wish:
        wish["labels"] = _label_names(wish)
    if "assignees" in wish:
        wish["assignees"] = _assignees(call, wish["assignees"])
    if wish.get("milestone") is not None:
        if wish["milestone"] not in live.milestones:
            raise invalid("Issue", "milestone")
        wish["milestone"] = live.milestones[wish["milestone"]]
    live_issue = live.issues[found.number]
    changes.edit_issue(call.world, live, account, live_issue, wish)
    return Answer(single_issue_body(live, live_issue, call.urls))


def issue_labels(call: Call, repository: Repository, number: str) -> Answer:
    found = find_issue(repository, number)
    url = repository_url(call, repository, f"/issues/{number}/labels")
    return page_of(call, found.labels, url, lambda label: label_body(repository, label, call.urls))


def add_labels(call: Call, repository: Repository, number: str) -> Answer:
    return _set_labels(call, repository, number, lambda now, wish: [*now, *wish])


def replace_labels(call: Call, repository: Repository, number: str) -> Answer:
    return _set_labels(call, repository, number, lambda now, wish: wish)


def remove_labels(call: Call, repository: Repository, number: str) -> Answer:
    _set_labels(call, repository, number, lambda now, wish: [])
    return nothing()


def remove_label(call: Call, repository: Repository, number: str, name: str) -> Answer:
    found = find_issue(repository, number)
    if name.lower() not in [label.name.lower() for label in found.labels]:
        raise Refused(404, "Label does not exist")
    return _set_labels(call, repository, number, lambda now, wish: [n for n in now if n.lower() != name.lower()])


def lock(call: Call, repository: Repository, number: str) -> Answer:
    return _lock(call, repository, number, wanted="lock")


def unlock(call: Call, repository: Repository, number: str) -> Answer:
    return _lock(call, repository, number, wanted="unlock")


def comments(call: Call, repository: Repository, number: str) -> Answer:
    found = find_issue(repository, number)
    url = repository_url(call, repository, f"/issues/{number}/comments")
    return page_of(call, found.comments, url, lambda said: comment_body(repository, found, said, call.urls))


def create_comment(call: Call, repository: Repository, number: str) -> Answer:
    live = call.writable(repository, "pull")
    found = find_issue(live, number)
    made = changes.comment(call.world, live, call.signed_in(), found, _comment_text(call))
    body = comment_body(live, found, made, call.urls)
    return Answer(body, 201, {"Location": body["url"]})


def comment(call: Call, repository: Repository, comment_id: str) -> Answer:
    found, said = _comment(repository, comment_id)
    return Answer(comment_body(repository, found, said, call.urls), last_modified=said.updated_at)


def edit_comment(call: Call, repository: Repository, comment_id: str) -> Answer:
    live = call.writable(repository)
    found, said = _comment(live, comment_id)
    changes.edit_comment(call.world, live, call.signed_in(), found, said, _comment_text(call))
    return Answer(comment_body(live, found, said, call.urls))


def delete_comment(call: Call, repository: Repository, comment_id: str) -> Answer:
    live = call.writable(repository)
    changes.remove_comment(call.world, live, call.signed_in(), *_comment(live, comment_id))
    return nothing()


def find_issue(repository: Repository, number: str) -> Issue:
    """The issue or pull request of that number; Refused 404 or 410."""
    found = repository.issues.get(int(number)) if number.isdecimal() else None
    if not isinstance(found, PullRequest):
        _enabled(repository)
    if found is None:
        raise not_found()
    return found


def _enabled(repository: Repository) -> None:
    if not repository.has_issues:
        raise Refused(410, "Issues are disabled for this repo")


def _filtered(call: Call, found: list[Issue]) -> list[Issue]:
    query = call.query
    state = query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "state")
    labels = [name.lower() for name in query.get("labels", "").split(",") if name]
    since = _since(query.get("since"))
    return [
        issue
        for issue in found
        if state in ("all", issue.state)
        and issue.updated_at >= since
        and set(labels) <= {label.name.lower() for label in issue.labels}
        and query.get("creator", issue.user.login).lower() == issue.user.login.lower()
        and _fits_assignee(query.get("assignee", ""), issue)
        and _fits_milestone(query.get("milestone", ""), issue)
    ]


def _since(text: str | None) -> float:
    if not text:
        return 0.0
    try:
        return parse_iso(text.replace(" ", "+"))
    except ValueError:
        raise invalid("Issue", "since") from None


def _fits_assignee(wanted: str, issue: Issue) -> bool:
    logins = [account.login.lower() for account in issue.assignees]
    return {"": True, "*": bool(logins), "none": not logins}.get(wanted, wanted.lower() in logins)


def _fits_milestone(wanted: str, issue: Issue) -> bool:
    number = str(issue.milestone.number) if issue.milestone else None
    return {"": True, "*": number is not None, "none": number is None}.get(wanted, wanted == number)


def _label_names(wish: dict[str, Any]) -> list[str]:
    given = wish.get("labels") or []
    names = (
        [item.get("name") if isinstance(item, dict) else item for item in given] if isinstance(given, list) else [None]
    )
    if not all(isinstance(name, str) and name for name in names):
        raise invalid("Issue", "labels")
    return [str(name) for name in names]


def _assignees(call: Call, logins: Any) -> list[Account]:
    found = [call.world.account(login) for login in logins] if isinstance(logins, list) else [None]
    if not all(found):
        raise invalid("Issue", "assignees")
    return [account for account in found if account]


def _set_labels(
    call: Call, repository: Repository, number: str, combine: Callable[[list[str], list[str]], list[str]]
) -> Answer:
    live = call.writable(repository, "triage")
    found = find_issue(live, number)
    names = combine([label.name for label in found.labels], _label_names(call.json()))
    changes.set_labels(call.world, live, call.signed_in(), found, names)
    return Answer([label_body(live, label, call.urls) for label in found.labels])


def _lock(call: Call, repository: Repository, number: str, wanted: str) -> Answer:
    live = call.writable(repository)
    found = find_issue(live, number)
    if found.locked != (wanted == "lock"):
        changes.lock(call.world, live, call.signed_in(), found)
    return nothing()


def _comment(repository: Repository, comment_id: str) -> tuple[Issue, Comment]:
    for found in repository.issues.values():
        for said in found.comments:
            if str(said.id) == comment_id:
                return found, said
    raise not_found()


def _comment_text(call: Call) -> str:
    text = call.json().get("body")
    if not isinstance(text, str) or not text:
        raise invalid("IssueComment", "body", "missing_field")
    return text


ROUTES = [
    Route("GET", "/issues", issues, "repo"),
    Route("POST", "/issues", create_issue, creates_content=True),
    Route("GET", "/issues/comments/{id}", comment, "repo"),
    Route("PATCH", "/issues/comments/{id}", edit_comment),
    Route("DELETE", "/issues/comments/{id}", delete_comment),
    Route("GET", "/issues/{number}", issue, "repo"),
    Route("PATCH", "/issues/{number}", edit_issue),
    Route("GET", "/issues/{number}/labels", issue_labels, "repo"),
    Route("POST", "/issues/{number}/labels", add_labels),
    Route("PUT", "/issues/{number}/labels", replace_labels),
    Route("DELETE", "/issues/{number}/labels", remove_labels),
    Route("DELETE", "/issues/{number}/labels/{name}", remove_label),
    Route("PUT", "/issues/{number}/lock", lock),
    Route("DELETE", "/issues/{number}/lock", unlock),
    Route("GET", "/issues/{number}/comments", comments, "repo"),
    Route("POST", "/issues/{number}/comments", create_comment, creates_content=True),
]
