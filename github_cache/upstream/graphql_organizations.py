"""An organisation's repositories by GraphQL, a page at a time: with languages, topics, licence and counts."""

from github_cache import metrics
from github_cache.upstream import graphql, paths
from github_cache.upstream.attempts import Bearer
from github_cache.upstream.errors import BadAnswer, Unreachable
from github_cache.upstream.fetched import RepositoryPage
from github_cache.upstream.graphql_answers import GraphqlAnswer
from github_cache.upstream.graphql_documents import named
from github_cache.upstream.shapes.reading import need, nodes
from github_cache.upstream.shapes.repositories import languages_of_graphql, repository_of_graphql
from github_cache.upstream.sources import Cursor
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

QUERY = "organization_repositories"


def page(login: str, at: Cursor, *, tenant: str, lane: Lane, bearer: Bearer | None = None) -> RepositoryPage | Wait:
    """The repositories from `at`, oldest first; from the beginning where GraphQL cannot know the place. A user's login
    will do as well.

    The page is halved as often as GitHub runs out of time or refuses its size; what it left out even so is named in
    `errors`. Raises NotFound, BadCall and what concerns the query as a whole.
    """
    paths.owner(login)
    spent = 0
    while True:
        size = graphql.sizes.of(QUERY)
        query = named(QUERY, {"login": login, "first": size, "after": at.after})
        smaller: int | None
        try:
            answer = graphql.run(query, tenant=tenant, lane=lane, bearer=bearer, about=f"/orgs/{login}")
        except (BadAnswer, Unreachable) as error:
            smaller = graphql.sizes.shrink(QUERY, size) if graphql.too_large(error) else None
            if smaller is None:
                raise
        else:
            if isinstance(answer, Wait):
                return answer
            spent += answer.cost
            smaller = graphql.sizes.shrink(QUERY, size) if answer.cut_short else None
            if smaller is None:
                metrics.GRAPHQL_PAGE.labels(QUERY).set(graphql.sizes.went_well(QUERY, size))
                return _page(answer, spent, at.offset if at.after else 0)
        metrics.GRAPHQL_PAGE.labels(QUERY).set(smaller)


def _page(answer: GraphqlAnswer, spent: int, offset: int) -> RepositoryPage:
    owner = answer.at("repositoryOwner")
    found = need(owner, "repositories")
    info, listed = need(found, "pageInfo"), nodes(found)
    return RepositoryPage(
        repositories=tuple(
            repository_of_graphql(node) | {"languages": languages_of_graphql(node.get("languages"))} for node in listed
        ),
        next_cursor=str(Cursor(offset + len(listed), info["endCursor"])) if info["hasNextPage"] else None,
        total=need(found, "totalCount"),
        cost=spent,
        source="graphql",
        organization_id=owner.get("databaseId") if owner["__typename"] == "Organization" else None,
        errors=answer.beside("repositoryOwner"),
    )
