"""The resources of the typed API by GraphQL, for one repository or for many at once.

Issues and pull requests bear their labels, a connection per item, which is what they cost: so where many repositories
are asked at once their numbers are asked for first (which is nearly free) and then exactly so many items.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from github_cache.keys import Scope
from github_cache.upstream import graphql_batches, paths
from github_cache.upstream.attempts import Bearer
from github_cache.upstream.errors import Gone, UpstreamError
from github_cache.upstream.fetched import Fetched
from github_cache.upstream.graphql_batches import Got, Wish
from github_cache.upstream.graphql_documents import Part
from github_cache.upstream.lists import PAGE, listing_wanted, state_wanted
from github_cache.upstream.protocol import JSON
from github_cache.upstream.shapes import repositories, threads
from github_cache.upstream.shapes.reading import Json, need, nodes
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

_IDENTITY = "databaseId isPrivate hasIssuesEnabled"
_PAGE_INFO = "totalCount pageInfo { hasNextPage endCursor }"
_STATES = {
    "issues": {"open": ["OPEN"], "closed": ["CLOSED"], "all": ["OPEN", "CLOSED"]},
    "pulls": {"open": ["OPEN"], "closed": ["CLOSED", "MERGED"], "all": ["OPEN", "CLOSED", "MERGED"]},
}
_ORDER = "orderBy: { field: CREATED_AT, direction: DESC }"
Variables = tuple[tuple[str, str, Any], ...]


@dataclass(frozen=True, slots=True)
class _List:
    """A list of a repository: where it stands, its arguments with their variables, its items.

    `heavy` where each item has a connection of its own, so that the number of items is what it costs.
    """

    field: str
    arguments: str
    item: str
    shape: Callable[[Mapping[str, Any]], Json]
    heavy: bool

    def part(self, reading: "_Reading") -> Part:
        items = "" if reading.skip else f" nodes {{ {self.item} }}"
        page = f"(first: $first, after: $after{self.arguments})"
        selection = f"{_IDENTITY} {self.field}{page} {{ {_PAGE_INFO}{items} }}"
        own = (*reading.variables, ("first", "Int!", reading.first), ("after", "String", reading.after))
        return Part(reading.params["owner"], reading.params["repo"], selection, own)

    def count(self, reading: "_Reading") -> Part:
        arguments = self.arguments.removeprefix(", ").replace(f", {_ORDER}", "")
        selection = f"{_IDENTITY} {self.field}({arguments}) {{ totalCount }}"
        return Part(reading.params["owner"], reading.params["repo"], selection, reading.variables)


_OF_ISSUES = f", states: $states, labels: $labels, filterBy: $filter, {_ORDER}"
_OF_PULLS = f", states: $states, {_ORDER}"
_LISTS = {
    "labels": _List("labels", "", "...LabelFields", threads.label_of_graphql, heavy=False),
    "issues": _List("issues", _OF_ISSUES, "...IssueFields", threads.issue_of_graphql, heavy=True),
    "pulls": _List("pullRequests", _OF_PULLS, "...PullFields", threads.pull_of_graphql, heavy=True),
}
RESOURCES = frozenset({"repository", "languages", *_LISTS})


@dataclass(slots=True)
class _Reading:
    """A list while its pages are read: `skip` items are passed over, then `want` are kept."""

    params: Mapping[str, str]
    variables: Variables
    skip: int
    want: int
    after: str | None = None
    begun: bool = False
    more: bool = True
    items: list[Json] = field(default_factory=list)
    scope: Scope | None = None
    public: bool | None = None
    problems: tuple[str, ...] = ()
    cost: int = 0
    error: UpstreamError | None = None

    @property
    def first(self) -> int:
        return min(self.skip or self.want - len(self.items), PAGE)

    @property
    def done(self) -> bool:
        return self.error is not None or (self.begun and (not self.more or len(self.items) >= self.want))


def suits(resource: str, params: Mapping[str, str]) -> bool:
    """Can GraphQL answer this? It takes several labels to mean any of them, where REST takes them to mean all."""
    return resource in RESOURCES and "," not in params.get("labels", "")


def fetch_many(
    resource: str,
    many: Sequence[Mapping[str, str]],
    *,
    tenant: str,
    lane: Lane,
    bearer: Bearer | None = None,
) -> list[Fetched | UpstreamError] | Wait:
    """One resource of many repositories, in their order. Raises BadCall for names or parameters that are never sent,
    and what concerns the queries as a whole."""
    for params in many:
        paths.of_repository(params["owner"], params["repo"])
    if resource in _LISTS:
        return _lists(resource, many, tenant, lane, bearer)
    selection, value = _VALUES[resource]
    wishes = [Wish(Part(params["owner"], params["repo"], selection)) for params in many]
    found = graphql_batches.ask(resource, wishes, tenant=tenant, lane=lane, bearer=bearer)
    return found if isinstance(found, Wait) else [_fetched(got, value) for got in found]


def _languages(node: Mapping[str, Any]) -> JSON:
    return repositories.languages_of_graphql(node.get("languages"))


_VALUES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], JSON]]] = {
    "repository": ("...RepositoryFields", repositories.repository_of_graphql),
    "languages": (f"{_IDENTITY} ...LanguageFields", _languages),
}


def _fetched(got: Got | UpstreamError, value: Callable[[Mapping[str, Any]], JSON]) -> Fetched | UpstreamError:
    if isinstance(got, UpstreamError):
        return got
    return Fetched(
        value=value(got.node),
        validators=None,
        scope=Scope("repo", str(need(got.node, "databaseId"))),
        public=not need(got.node, "isPrivate"),
        source="graphql",
        complete=not got.problems,
        errors=got.problems,
        cost=got.cost,
    )


def _lists(
    resource: str, many: Sequence[Mapping[str, str]], tenant: str, lane: Lane, bearer: Bearer | None
) -> list[Fetched | UpstreamError] | Wait:
    listing = _LISTS[resource]
    readings = []
    for params in many:
        wanted = listing_wanted(params)
        readings.append(_Reading(params, _variables(resource, params), wanted.skip, wanted.want))
    if listing.heavy and len(readings) > 1:
        waiting = _count(listing, readings, tenant, lane, bearer)
        if waiting is not None:
            return waiting
    while open_ones := [reading for reading in readings if not reading.done]:
        wishes = [
            Wish(listing.part(reading), reading.first if listing.heavy and not reading.skip else 1)
            for reading in open_ones
        ]
        found = graphql_batches.ask(resource, wishes, tenant=tenant, lane=lane, bearer=bearer)
        if isinstance(found, Wait):
            return found
        for reading, got in zip(open_ones, found, strict=True):
            _read(reading, got, listing)
    return [_result(reading, resource) for reading in readings]


def _count(listing: _List, readings: Sequence[_Reading], tenant: str, lane: Lane, bearer: Bearer | None) -> Wait | None:
    """Learn how many items each list has, so that no more are asked for; the empty ones are thereby read."""
    wishes = [Wish(listing.count(reading)) for reading in readings]
    found = graphql_batches.ask("counts", wishes, tenant=tenant, lane=lane, bearer=bearer)
    if isinstance(found, Wait):
        return found
    for reading, got in zip(readings, found, strict=True):
        if isinstance(got, UpstreamError):
            reading.error = got
            continue
        number = need(got.node, listing.field)["totalCount"]
        _place(reading, got, listing)
        reading.want = min(reading.want, max(number - reading.skip, 0))
        reading.begun = reading.want == 0
    return None


def _read(reading: _Reading, got: Got | UpstreamError, listing: _List) -> None:
    if isinstance(got, UpstreamError):
        reading.error = got
        return
    page = got.node.get(listing.field)
    _place(reading, got, listing)
    reading.problems += got.problems
    info = need(page or {}, "pageInfo")
    reading.after, reading.more = info["endCursor"], info["hasNextPage"]
    reading.items += [listing.shape(node) for node in nodes(page)]
    reading.begun = not reading.skip or not reading.more
    reading.skip -= min(reading.skip, PAGE)


def _place(reading: _Reading, got: Got, listing: _List) -> None:
    reading.cost += got.cost
    reading.scope = Scope("repo", str(need(got.node, "databaseId")))
    reading.public = not need(got.node, "isPrivate")
    if listing.field == "issues" and not need(got.node, "hasIssuesEnabled"):
        reading.error = Gone("Issues are disabled for this repo", 410)


def _result(reading: _Reading, resource: str) -> Fetched | UpstreamError:
    if reading.error is not None:
        return reading.error
    return Fetched(
        value=threads.by_name(reading.items) if resource == "labels" else reading.items,
        validators=None,
        scope=reading.scope,
        public=reading.public,
        source="graphql",
        complete=not reading.problems,
        more=reading.more and bool(reading.items),
        errors=reading.problems,
        cost=reading.cost,
    )


def _variables(resource: str, params: Mapping[str, str]) -> Variables:
    """The variables that a list's parameters stand for. Raises BadCall for a state that does not exist."""
    if resource == "labels":
        return ()
    state = state_wanted(params)
    kind = "IssueState" if resource == "issues" else "PullRequestState"
    variables: Variables = (("states", f"[{kind}!]", _STATES[resource][state]),)
    if resource == "issues":
        label, since = params.get("labels"), params.get("since")
        variables += (
            ("labels", "[String!]", [label] if label else None),
            ("filter", "IssueFilters", {"since": since} if since else None),
        )
    return variables
