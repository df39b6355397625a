"""Labels and milestones of a repository (docs.github.com/rest/issues/labels, …/milestones)."""

import re
from typing import Any

from github_sandbox import changes
from github_sandbox.bodies.issues import label_body, milestone_body
from github_sandbox.call import Answer, Call, invalid, not_found, nothing
from github_sandbox.changes.labels import PLAIN_COLOUR
from github_sandbox.entities import Label, Repository
from github_sandbox.rest.paging import page_of, repository_url
from github_sandbox.routing import Route

_COLOUR = re.compile(r"[0-9A-Fa-f]{6}")
_DOCS = "https://docs.github.com/rest/reference/issues#create-a-label"


def labels(call: Call, repository: Repository) -> Answer:
    url = repository_url(call, repository, "/labels")
    found = list(repository.labels.values())
    return page_of(call, found, url, lambda label: label_body(repository, label, call.urls))


def label(call: Call, repository: Repository, name: str) -> Answer:
    found = _label(repository, name)
    return Answer(label_body(repository, found, call.urls), last_modified=found.updated_at)


def create_label(call: Call, repository: Repository) -> Answer:
    live = call.writable(repository)
    wish = call.json()
    name, colour = wish.get("name"), wish.get("color", PLAIN_COLOUR)
    if not isinstance(name, str) or not name.strip():
        raise invalid("Label", "name", "missing_field")
    _check(live, name, colour, wish.get("description"), None)
    made = changes.create_label(call.world, live, call.signed_in(), name, colour, wish.get("description"))
    body = label_body(live, made, call.urls)
    return Answer(body, 201, {"Location": body["url"]})


def edit_label(call: Call, repository: Repository, name: str) -> Answer:
    live = call.writable(repository)
    found = _label(live, name)
    wish = call.json()
    new = {"name": wish.get("new_name", wish.get("name", found.name)), "color": wish.get("color", found.color)}
    new["description"] = wish.get("description", found.description)
    _check(live, new["name"], new["color"], new["description"], found)
    changes.edit_label(call.world, live, call.signed_in(), found, new)
    return Answer(label_body(live, found, call.urls))


def delete_label(call: Call, repository: Repository, name: str) -> Answer:
    live = call.writable(repository)
    changes.delete_label(call.world, live, call.signed_in(), _label(live, name))
    return nothing()


def milestones(call: Call, repository: Repository) -> Answer:
    state = call.query.get("state", "open")
    found = [m for m in repository.milestones.values() if state in ("all", m.state)]
    url = repository_url(call, repository, "/milestones")
    return page_of(call, found, url, lambda m: milestone_body(repository, m, call.urls))


def milestone(call: Call, repository: Repository, number: str) -> Answer:
    found = repository.milestones.get(int(number)) if number.isdecimal() else None
    if found is None:
        raise not_found()
    return Answer(milestone_body(repository, found, call.urls), last_modified=found.updated_at)


def create_milestone(call: Call, repository: Repository) -> Answer:
    live = call.writable(repository)
    wish = call.json()
    title = wish.get("title")
    if not isinstance(title, str) or not title:
        raise invalid("Milestone", "title", "missing_field")
    if any(m.title == title for m in live.milestones.values()):
        raise invalid("Milestone", "title", "already_exists")
    made = changes.create_milestone(call.world, live, call.signed_in(), title, wish.get("description"))
    body = milestone_body(live, made, call.urls)
    return Answer(body, 201, {"Location": body["url"]})


def _label(repository: Repository, name: str) -> Label:
    if (found := repository.labels.get(name.lower())) is None:
        raise not_found()
    return found


def _check(repository: Repository, name: Any, colour: Any, description: Any, this: Label | None) -> None:
    if not isinstance(name, str) or not name.strip():
        raise invalid("Label", "name")
    if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
        raise invalid("Label", "color")
    if description is not None and (not isinstance(description, str) or len(description) > 100):
        raise invalid("Label", "description", "custom", "description is too long (maximum is 100 characters)")
    if repository.labels.get(name.lower(), this) is not this:
        raise invalid("Label", "name", "already_exists")


ROUTES = [
    Route("GET", "/labels", labels, "repo"),
    Route("POST", "/labels", create_label, docs=_DOCS, creates_content=True),
    Route("GET", "/labels/{name}", label, "repo"),
    Route("PATCH", "/labels/{name}", edit_label),
    Route("DELETE", "/labels/{name}", delete_label),
    Route("GET", "/milestones", milestones, "repo"),
    Route("POST", "/milestones", create_milestone, creates_content=True),
    Route("GET", "/milestones/{number}", milestone, "repo"),
]
