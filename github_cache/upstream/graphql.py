"""GitHub's GraphQL API: one query at a time, priced before it is sent, in sizes that GitHub can bear."""

import orjson

from github_cache.upstream import calls, graphql_answers
from github_cache.upstream.attempts import Bearer
from github_cache.upstream.errors import BadAnswer, TooMuch, Unreachable
from github_cache.upstream.graphql_answers import GraphqlAnswer
from github_cache.upstream.graphql_cost import MOST_NODES, predict
from github_cache.upstream.graphql_documents import Query
from github_cache.upstream.page_sizes import Bounds, PageSizes
from github_cache.upstream.protocol import Call
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

PATH = "/graphql"
MOST_ALIASES = 250
"""Repositories in one query at most, however little is asked of each."""

sizes = PageSizes(
    {
        "organization_repositories": Bounds(100, 100),
        "repository": Bounds(100, 100),
        "languages": Bounds(100, 100),
        "labels": Bounds(100, 100),
        "counts": Bounds(250, 250),
        "issues": Bounds(500, 500),
        "pulls": Bounds(500, 500),
        "automations": Bounds(25, 50),
        "listings": Bounds(10, 50),
        "files": Bounds(100, 200),
    }
)
"""Repositories per query; for issues and pulls the items of all repositories in it, for files the files."""


def run(
    query: Query, *, tenant: str, lane: Lane, bearer: Bearer | None = None, about: str = ""
) -> GraphqlAnswer | Wait:
    """GitHub's answer to one query, or how long to wait for it.

    Raises TooMuch without a call where the query could bring back more objects than GitHub allows, and the errors of
    `calls.send` and `graphql_answers.read`.
    """
    cost = predict(query.document, query.variables)
    if cost.nodes > MOST_NODES:
        raise TooMuch(f"the query {query.name} could bring back {cost.nodes} objects; GitHub allows {MOST_NODES}")
    body = orjson.dumps({"query": query.document, "variables": query.variables})
    call = Call("POST", PATH, body=body, graphql=True, cost=cost.points, about=about)
    reply = calls.send(call, tenant=tenant, lane=lane, bearer=bearer)
    return reply if isinstance(reply, Wait) else graphql_answers.read(reply)


def too_large(error: BadAnswer | Unreachable) -> bool:
    """Could it be that less would have been answered?"""
    if isinstance(error, Unreachable):
        return error.timed_out and error.sent
    return isinstance(error, TooMuch) or error.too_slow
