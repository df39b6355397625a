"""Which of GitHub's APIs is asked, and what becomes of it when one fails.

One repository's resource goes by REST where one call answers it, since asking again with its ETag is free; issues,
which REST mixes with pull requests, and everything that is asked of many repositories go by GraphQL. The other API is
tried where the first fails, does not know a field, has no more quota or is switched off, as far as the settings let it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from github_cache import metrics
from github_cache.entries import Validators
from github_cache.upstream import (
    graphql_automations,
    graphql_organizations,
    graphql_resources,
    rest_automations,
    rest_organizations,
    rest_resources,
)
from github_cache.upstream.attempts import Bearer
from github_cache.upstream.errors import BadAnswer, BadCall, NotOffered, Refused, Throttled, UpstreamError
from github_cache.upstream.fetched import AutomationFiles, Fetched, NotModified, RepositoryPage, Source
from github_cache.upstream.rest import Asker
from github_cache.upstream.sources import BOTH, Cursor, Flags, leads_on, plan
from ratelimit import live
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

__all__ = [
    "AutomationFiles",
    "Fetched",
    "NotModified",
    "RepositoryPage",
    "automation_files",
    "fetch",
    "fetch_many",
    "organization_repositories",
]

T = TypeVar("T")
logger = logging.getLogger("hubcache.upstream")


def fetch(
    resource: str,
    params: Mapping[str, str],
    *,
    tenant: str,
    lane: Lane,
    bearer: Bearer | None = None,
    known: Validators | None = None,
) -> Fetched | NotModified | Wait:
    """One resource of one repository (`owner`, `repo`) or organisation (`org`).

    `resource` is repository, languages, issues (state, labels, since), pulls (state), labels, workflows or
    organization_repositories; the lists take page and per_page. `known` are the validators of what is held.
    Raises Refused (NotFound, Forbidden, Gone) where GitHub says no, and the other UpstreamErrors.
    """
    asker = Asker(tenant, lane, bearer)

    def by_graphql() -> Fetched | Wait:
        found = graphql_resources.fetch_many(resource, [params], tenant=tenant, lane=lane, bearer=bearer)
        return found if isinstance(found, Wait) else _or_raise(found[0])

    if resource not in rest_resources.RESOURCES:
        raise BadCall(f"{resource!r} is no resource: {', '.join(sorted(rest_resources.RESOURCES))}")
    ways: dict[Source, Callable[[], Fetched | NotModified | Wait]] = {
        "rest": lambda: rest_resources.fetch(resource, params, asker, known)
    }
    if graphql_resources.suits(resource, params):
        ways["graphql"] = by_graphql
    return _by_plan(resource, ways, first="graphql" if resource == "issues" else "rest")


def fetch_many(
    resource: str, many: Sequence[Mapping[str, str]], *, tenant: str, lane: Lane
) -> list[Fetched | UpstreamError] | Wait:
    """The same resource of many repositories, in their order, by GraphQL in batches. What had to wait while others were
    answered is Throttled. Raises what concerns all of them."""

    def by_rest() -> list[Fetched | UpstreamError] | Wait:
        return _one_by_one(resource, many, Asker(tenant, lane))

    ways: dict[Source, Callable[[], list[Fetched | UpstreamError] | Wait]] = {"rest": by_rest}
    if many and all(graphql_resources.suits(resource, params) for params in many):
        ways["graphql"] = lambda: graphql_resources.fetch_many(resource, many, tenant=tenant, lane=lane)
    return _by_plan(resource, ways, first="graphql")


def organization_repositories(tenant: str, org: str, *, lane: Lane, cursor: str | None = None) -> RepositoryPage | Wait:
    """A page of an organisation's (or a user's) repositories, oldest first, with their languages.

    `cursor` is the `next_cursor` of the page before, whichever API that came by: at a change of the API some
    repositories come twice, and none is left out. Raises NotFound, and the other UpstreamErrors.
    """
    at = Cursor.read(cursor)
    ways: dict[Source, Callable[[], RepositoryPage | Wait]] = {
        "graphql": lambda: graphql_organizations.page(org, at, tenant=tenant, lane=lane),
        "rest": lambda: rest_organizations.page(org, at, Asker(tenant, lane)),
    }
    return _by_plan("organization_repositories", ways, first="rest" if at.only_rest else "graphql")


def automation_files(
    tenant: str, repositories: Sequence[Mapping[str, Any]], *, lane: Lane
) -> dict[str, AutomationFiles | UpstreamError] | Wait:
    """The workflow and automation files of repositories (`full_name`, `default_branch`), by full name.

    A repository that is too much for GraphQL is read by REST. Raises what concerns all of them.
    """
    name = "automation_files"

    def by_graphql() -> dict[str, AutomationFiles | UpstreamError] | Wait:
        names = [repository["full_name"] for repository in repositories]
        found = graphql_automations.read(names, tenant=tenant, lane=lane)
        if isinstance(found, Wait):
            return found
        failed = [each for each in repositories if isinstance(found[each["full_name"]], BadAnswer)]
        if not failed or "rest" not in plan("graphql", BOTH, _flags()):
            return found
        _left(name, "graphql", BadAnswer.__name__, f"{len(failed)} repositories could not be read")
        again = rest_automations.read(failed, Asker(tenant, lane))
        return found if isinstance(again, Wait) else found | again

    ways: dict[Source, Callable[[], dict[str, AutomationFiles | UpstreamError] | Wait]] = {
        "graphql": by_graphql,
        "rest": lambda: rest_automations.read(repositories, Asker(tenant, lane)),
    }
    return _by_plan(name, ways, first="graphql")


def _or_raise(found: Fetched | UpstreamError) -> Fetched:
    if isinstance(found, UpstreamError):
        raise found
    return found


def _one_by_one(resource: str, many: Sequence[Mapping[str, str]], asker: Asker) -> list[Fetched | UpstreamError] | Wait:
    found: list[Fetched | UpstreamError] = []
    for params in many:
        one: Fetched | NotModified | UpstreamError | Wait
        try:
            one = rest_resources.fetch(resource, params, asker)
        except (Refused, BadAnswer) as error:
            one = error
        if isinstance(one, Wait):
            late = Throttled(one)
            return [*found, *[late] * (len(many) - len(found))] if found else one
        if isinstance(one, NotModified):
            raise BadAnswer("GitHub answered 304 to a call without a condition", 304)
        found.append(one)
    return found


def _by_plan(name: str, ways: Mapping[Source, Callable[[], T | Wait]], *, first: Source) -> T | Wait:
    """The first way that brings something; the shortest Wait where each has to wait."""
    order = plan(first, frozenset(ways), _flags())
    if not order:
        raise NotOffered(f"no API may be used for {name}: see GITHUB_API_MODE, GITHUB_GRAPHQL_ENABLED and others")
    waits: list[Wait] = []
    for source, following in zip(order, (*order[1:], None), strict=True):
        try:
            found = ways[source]()
        except UpstreamError as error:
            if waits:
                break
            if following is None or not leads_on(error, source):
                raise
            _left(name, source, type(error).__name__, error.message)
            continue
        if not isinstance(found, Wait):
            return found
        waits.append(found)
        if following is not None:
            _left(name, source, found.why.value, f"{found.seconds:.0f} s to wait")
    return min(waits, key=lambda wait: wait.seconds)


def _flags() -> Flags:
    value = live.policy().value
    return Flags(value("GITHUB_GRAPHQL_ENABLED"), value("GITHUB_REST_FALLBACK_ENABLED"), value("GITHUB_API_MODE"))


def _left(name: str, source: Source, why: str, reason: str) -> None:
    metrics.GITHUB_FALLBACKS.labels(source, why).inc()
    logger.info("trying GitHub's other API", extra={"resource": name, "left": source, "why": why, "reason": reason})
