"""One repository: settings, languages, topics, branches, releases, statistics (docs.github.com/rest/repos)."""

import re
from typing import Any

from github_sandbox import changes
from github_sandbox.bodies.accounts import simple_account
from github_sandbox.bodies.commits import single_branch_body
from github_sandbox.bodies.repositories import (
    branch_body,
    permissions_body,
    release_body,
    repository_body,
    tag_body,
)
from github_sandbox.call import Answer, Call, Refused, invalid, not_found, nothing
from github_sandbox.changes.repositories import SWITCHES
from github_sandbox.entities import ROLES, Account, Repository
from github_sandbox.rest.paging import page_of, repository_url
from github_sandbox.routing import Route

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TOPIC = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_ROLE_NAMES = {"pull": "read", "push": "write"}


def show(call: Call, repository: Repository) -> Answer:
    parent = call.world.repository_by_id(call.account, repository.parent_id) if repository.parent_id else None
    body = repository_body(repository, call.urls, call.role(repository), parent)
    if call.world.can(call.account, "push", repository):
        body["temp_clone_token"] = f"SANDBOX{repository.id:016X}" if repository.private else ""
    return Answer(body, last_modified=repository.updated_at)


def edit(call: Call, repository: Repository) -> Answer:
    live = call.writable(repository, "admin")
    wish = call.json()
    _check(call, live, wish)
    changes.edit_repository(call.world, live, call.signed_in(), wish)
    if "topics" in wish:
        changes.set_topics(call.world, live, call.signed_in(), _topics(wish["topics"]))
    return Answer(repository_body(live, call.urls, call.role(live)))


def delete(call: Call, repository: Repository) -> Answer:
    changes.delete_repository(call.world, call.writable(repository, "admin"), call.signed_in())
    return nothing()


def languages(call: Call, repository: Repository) -> Answer:
    return Answer(dict(sorted(repository.languages.items(), key=lambda item: -item[1])))


def topics(call: Call, repository: Repository) -> Answer:
    return Answer({"names": list(repository.topics)})


def replace_topics(call: Call, repository: Repository) -> Answer:
    live = call.writable(repository, "admin")
    changes.set_topics(call.world, live, call.signed_in(), _topics(call.json().get("names")))
    return Answer({"names": list(live.topics)})


def collaborators(call: Call, repository: Repository) -> Answer:
    """Those who may push, with what they may; shown only to those who may push themselves."""
    account = call.signed_in()
    if not call.world.can(account, "push", repository):
        raise Refused(403, "Must have push access to view repository collaborators.")
    logins = {*repository.owner.members, *repository.collaborators}
    found = [a for login in sorted(logins) if (a := call.world.account(login))]
    url = repository_url(call, repository, "/collaborators")
    return page_of(call, found, url, lambda a: _collaborator(call, repository, a))


def branches(call: Call, repository: Repository) -> Answer:
    url = repository_url(call, repository, "/branches")
    named = sorted(repository.branches.items())
    return page_of(call, named, url, lambda item: branch_body(repository, *item, call.urls))


def branch(call: Call, repository: Repository, name: str) -> Answer:
    if name not in repository.branches:
        raise Refused(404, "Branch not found")
    return Answer(single_branch_body(repository, name, repository.branches[name], call.urls))


def branch_protection(call: Call, repository: Repository, name: str) -> Answer:
    call.writable(repository, "admin")
    raise Refused(404, "Branch not protected" if name in repository.branches else "Branch not found")


def tags(call: Call, repository: Repository) -> Answer:
    url = repository_url(call, repository, "/tags")
    named = sorted(repository.tags.items(), reverse=True)
    return page_of(call, named, url, lambda item: tag_body(repository, *item, call.urls))


def releases(call: Call, repository: Repository) -> Answer:
    """Drafts are shown only to those who may push."""
    shown = [r for r in repository.releases if not r.draft or call.world.can(call.account, "push", repository)]
    url = repository_url(call, repository, "/releases")
    return page_of(call, shown, url, lambda r: release_body(repository, r, call.urls))


def latest_release(call: Call, repository: Repository) -> Answer:
    return _release(call, repository, lambda r: not r.draft and not r.prerelease)


def release_by_tag(call: Call, repository: Repository, tag: str) -> Answer:
    return _release(call, repository, lambda r: not r.draft and r.tag_name == tag)


def create_release(call: Call, repository: Repository) -> Answer:
    live = call.writable(repository)
    wish = call.json()
    tag = wish.get("tag_name")
    if not isinstance(tag, str) or not tag:
        raise invalid("Release", "tag_name", "missing_field")
    if any(r.tag_name == tag for r in live.releases):
        raise invalid("Release", "tag_name", "already_exists")
    made = changes.publish_release(call.world, live, call.signed_in(), tag, wish)
    body = release_body(live, made, call.urls)
    return Answer(body, 201, {"Location": body["url"]})


def statistics(call: Call, repository: Repository, kind: str) -> Answer:
    """202 and empty when first asked, as long as GitHub is said to compute; then the figures."""
    if kind not in ("contributors", "participation"):
        raise not_found()
    live = call.world.repositories[repository.id]
    if not live.statistics_ready:
        live.statistics_ready = True
        return Answer({}, 202)
    commits = list(call.world.history(repository, repository.head))
    if kind == "participation":
        weeks = [0] * 52
        for commit in commits:
            age = int((call.now - commit.date) // (7 * 86400))
            if 0 <= age < 52:
                weeks[51 - age] += 1
        return Answer({"all": weeks, "owner": [0] * 52})
    authors: dict[str, list[Any]] = {}
    for commit in commits:
        authors.setdefault(commit.author.login, [commit.author, 0])[1] += 1
    ranked = sorted(authors.values(), key=lambda pair: pair[1])
    return Answer([{"total": total, "weeks": [], "author": simple_account(a, call.urls)} for a, total in ranked])


def _check(call: Call, repository: Repository, wish: dict[str, Any]) -> None:
    name = wish.get("name", repository.name)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid("Repository", "name")
    taken = call.world.find_repository(repository.owner, repository.owner.login, name)
    if taken is not None and taken.id != repository.id:
        raise invalid("Repository", "name", "custom", "name already exists on this account")
    if wish.get("visibility", "public") not in ("public", "private", "internal"):
        raise invalid("Repository", "visibility")
    if "default_branch" in wish and wish["default_branch"] not in repository.branches:
        raise invalid("Repository", "default_branch")
    for field in ("description", "homepage"):
        if not isinstance(wish.get(field, ""), str | None):
            raise invalid("Repository", field)
    for field in (*SWITCHES, "private", "archived"):
        if not isinstance(wish.get(field, False), bool):
            raise invalid("Repository", field)


def _topics(names: Any) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refused(422, 'Invalid request.\n\nNo subschema in "oneOf" matched.')
    lowered = list(dict.fromkeys(name.lower() for name in names))
    if len(lowered) > 20 or not all(_TOPIC.fullmatch(name) for name in lowered):
        message = (
            "Topics must start with a lowercase letter or number, consist of 50 characters or less,"
            " and can include hyphens."
        )
        raise invalid("Repository", "topics", "custom", message)
    return lowered


def _release(call: Call, repository: Repository, fits: Any) -> Answer:
    found = next((r for r in repository.releases if fits(r)), None)
    if found is None:
        raise not_found()
    return Answer(release_body(repository, found, call.urls), last_modified=found.published_at)


def _collaborator(call: Call, repository: Repository, account: Account) -> dict[str, Any]:
    role = call.world.role(account, repository) or ROLES[0]
    more = {"permissions": permissions_body(role), "role_name": _ROLE_NAMES.get(role, role)}
    return simple_account(account, call.urls) | more


ROUTES = [
    Route("GET", "", show, "repo"),
    Route("PATCH", "", edit),
    Route("DELETE", "", delete, "delete_repo"),
    Route("GET", "/languages", languages, "repo"),
    Route("GET", "/topics", topics, "repo"),
    Route("PUT", "/topics", replace_topics, "repo"),
    Route("GET", "/collaborators", collaborators),
    Route("GET", "/branches", branches, "repo"),
    Route("GET", "/branches/{branch}/protection", branch_protection),
    Route("GET", "/branches/{branch*}", branch, "repo"),
    Route("GET", "/tags", tags, "repo"),
    Route("GET", "/releases", releases, "repo"),
    Route("POST", "/releases", create_release, "repo", creates_content=True),
    Route("GET", "/releases/latest", latest_release, "repo"),
    Route("GET", "/releases/tags/{tag*}", release_by_tag, "repo"),
    Route("GET", "/stats/{kind}", statistics, "repo"),
]
