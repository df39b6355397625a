"""The resources of the typed API by REST, in the shapes that GraphQL gives too.

What one call answers keeps its validators, so that asking again is free while nothing changes; what took several calls
has none, and neither has a full page without a next one (see `validators`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from github_cache.entries import Validators
from github_cache.keys import Scope
from github_cache.upstream import paths, protocol, validators
from github_cache.upstream.errors import BadAnswer, NotFound
from github_cache.upstream.fetched import Fetched, NotModified
from github_cache.upstream.lists import MOST, PAGE, Wanted, listing_wanted, state_wanted
from github_cache.upstream.protocol import Reply
from github_cache.upstream.rest import Asker
from github_cache.upstream.shapes import repositories, threads, workflows
from github_cache.upstream.shapes.reading import Json, need
from ratelimit.verdict import Wait

Params = Mapping[str, str]


def fetch(resource: str, params: Params, asker: Asker, known: Validators | None = None) -> Fetched | NotModified | Wait:
    """A resource by its name. Raises BadCall for names and parameters that are never sent, Refused where GitHub says
    no, and the errors of `calls.send`."""
    return _FETCHERS[resource](params, asker, known)


def _repository(params: Params, asker: Asker, known: Validators | None) -> Fetched | NotModified | Wait:
    path = paths.of_repository(params["owner"], params["repo"])
    reply = asker.get(path, known)
    if isinstance(reply, Wait):
        return reply
    if reply.status == 304:
        return NotModified()
    value = repositories.repository_of_rest(_object(reply))
    return Fetched(
        value=value,
        validators=validators.of(reply),
        scope=Scope("repo", str(value["id"])),
        public=not value["private"],
        source="rest",
    )


def _languages(params: Params, asker: Asker, known: Validators | None) -> Fetched | NotModified | Wait:
    path = paths.of_repository(params["owner"], params["repo"], "/languages")
    reply = asker.get(path, known)
    if isinstance(reply, Wait):
        return reply
    if reply.status == 304:
        return NotModified()
    value = repositories.languages_of_rest(_object(reply))
    return Fetched(value, validators.of(reply), asker.scope(path), None, "rest")


def _labels(params: Params, asker: Asker, known: Validators | None) -> Fetched | NotModified | Wait:
    path = paths.of_repository(params["owner"], params["repo"], f"/labels?per_page={PAGE}")
    found = _walked(path, Wanted(0, MOST), asker, known, protocol.listed, threads.label_of_rest)
    if isinstance(found, Fetched) and isinstance(found.value, list):
        return replace(found, value=threads.by_name(found.value))
    return found


def _workflows(params: Params, asker: Asker, known: Validators | None) -> Fetched | NotModified | Wait:
    path = paths.of_repository(params["owner"], params["repo"], f"/actions/workflows?per_page={PAGE}")
    return _walked(path, Wanted(0, MOST), asker, known, _listed_workflows, workflows.workflow_of_rest)


def _issues(params: Params, asker: Asker, known: Validators | None) -> Fetched | NotModified | Wait:
    """GitHub lists pull requests among the issues, so pages are walked from the first and those are left out."""
    query = {"state": state_wanted(params), "sort": "created", "direction": "desc", "per_page": str(PAGE)}
    query |= {name: params[name] for name in ("labels", "since") if params.get(name)}
    path = paths.of_repository(params["owner"], params["repo"], f"/issues?{urlencode(query)}")
    return _walked(path, listing_wanted(params), asker, known, protocol.listed, _issue)


def _pulls(params: Params, asker: Asker, known: Validators | None) -> Fetched | NotModified | Wait:
    wanted = listing_wanted(params)
    query = {"state": state_wanted(params), "sort": "created", "direction": "desc", **_page(wanted)}
    path = paths.of_repository(params["owner"], params["repo"], f"/pulls?{urlencode(query)}")
    return _walked(path, Wanted(0, wanted.want), asker, known, protocol.listed, threads.pull_of_rest)


def _organization(params: Params, asker: Asker, known: Validators | None) -> Fetched | NotModified | Wait:
    wanted = listing_wanted(params)
    part, shape = Wanted(0, wanted.want), repositories.repository_of_rest
    try:
        return _walked(of_owner(params["org"], _page(wanted)), part, asker, known, protocol.listed, shape)
    except NotFound:
        at = of_owner(params["org"], _page(wanted), root="/users/")
        return _walked(at, part, asker, known, protocol.listed, shape)


def of_owner(login: str, page: Mapping[str, str], root: str = "/orgs/") -> str:
    """Where the repositories of an organisation (or, below `/users/`, of a user) are listed, oldest first."""
    query = {"type": "owner" if root == "/users/" else "all", "sort": "created", "direction": "asc", **page}
    return f"{root}{paths.owner(login)}/repos?{urlencode(query)}"


_FETCHERS: Mapping[str, Callable[[Params, Asker, Validators | None], Fetched | NotModified | Wait]] = {
    "repository": _repository,
    "languages": _languages,
    "labels": _labels,
    "workflows": _workflows,
    "issues": _issues,
    "pulls": _pulls,
    "organization_repositories": _organization,
}
RESOURCES = frozenset(_FETCHERS)


def _page(wanted: Wanted) -> dict[str, str]:
    if wanted.want > PAGE:
        return {"per_page": str(PAGE)}
    return {"per_page": str(wanted.want), "page": str(wanted.page)}


def _walked(
    path: str,
    wanted: Wanted,
    asker: Asker,
    known: Validators | None,
    items_of: Callable[[Reply], list[Json]],
    shape: Callable[[Json], Json | None],
) -> Fetched | NotModified | Wait:
    """The wanted part of a list, from as many pages as it takes; what `shape` makes None is left out."""
    per_page = int(parse_qs(urlsplit(path).query)["per_page"][0])
    found: list[Any] = []
    replies = 0
    more = False
    kept: Validators | None = None
    scope = asker.scope(path)
    public: bool | None = None
    for reply in asker.pages(path, known):
        if isinstance(reply, Wait):
            return reply
        if reply.status == 304:
            return NotModified()
        replies += 1
        items = items_of(reply)
        found += [shaped for item in items if (shaped := shape(item)) is not None]
        more = "next" in protocol.links(reply.headers.get("Link", ""))
        kept = None if replies > 1 or validators.last_for_now(reply, len(items), per_page) else validators.of(reply)
        if items and scope is None:
            scope, public = _place(items[0])
        if len(found) >= wanted.skip + wanted.want:
            break
    end = wanted.skip + wanted.want
    return Fetched(
        value=found[wanted.skip : end],
        validators=kept,
        scope=scope,
        public=public,
        source="rest",
        more=more or len(found) > end,
        cost=replies,
    )


def _place(item: Json) -> tuple[Scope | None, bool | None]:
    """What an item of a list tells of where it stands: a pull request of its repository, a repository of its owner."""
    if "base" in item and item["base"].get("repo"):
        repository = item["base"]["repo"]
        return Scope("repo", str(need(repository, "id"))), not need(repository, "private")
    if "full_name" in item and item["owner"].get("type") == "Organization":
        return Scope("org", str(need(item["owner"], "id"))), None
    return None, None


def _issue(item: Json) -> Json | None:
    return None if threads.is_pull(item) else threads.issue_of_rest(item)


def _object(reply: Reply) -> Json:
    body = reply.json()
    if not isinstance(body, dict):
        raise BadAnswer("GitHub answered something else than an object", reply.status)
    return body


def _listed_workflows(reply: Reply) -> list[Json]:
    listed: list[Json] = need(_object(reply), "workflows")
    return listed
