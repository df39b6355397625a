"""`POST /graphql` (and `/api/graphql`, where a GitHub Enterprise Server has it)."""

import re
from typing import TYPE_CHECKING

from github_sandbox import refusals
from github_sandbox.call import Answer, Call, Refused

if TYPE_CHECKING:
    from github_sandbox.graphql.execution import GraphQLResult

GRAPHQL_PATHS = ("/graphql", "/api/graphql")
_DOCS = "https://docs.github.com/graphql/guides/forming-calls-with-graphql#authenticating-with-graphql"
_MUTATION = re.compile(rb'"query"\s*:\s*"(?:\s|\\[nrt]|\#[^\\]*\\n)*mutation\b')


def points_of(call: Call) -> int:
    """Points for the secondary limit: a mutation weighs 5."""
    return 5 if _MUTATION.search(call.body) else 1


def answer_graphql(call: Call) -> tuple[Answer, int]:
    """The answer, and the points that it costs of the `graphql` bucket."""
    try:
        if call.account is None:
            raise Refused(401, "This endpoint requires you to be authenticated.")
        if call.method != "POST":
            raise Refused(404, "Not Found")
        body = call.json()
    except Refused as refused:
        return refusals.refusal(refused, _DOCS), 1
    # graphql-core takes longer to import than all the rest; who uses REST only need not wait for it.
    from github_sandbox.graphql.execution import execute

    return _answer(execute(call.world, call.account, body))


def answer_hiccup(call: Call) -> tuple[Answer, int]:
    """The answer to a query that fails on GitHub's side, and its points."""
    from github_sandbox.graphql.execution import hiccup

    return _answer(hiccup(call.now, f"5A4D:{int(call.now):08X}"))


def _answer(result: "GraphQLResult") -> tuple[Answer, int]:
    return Answer(result.body, result.status, media_type="github.v4; format=json", cacheable=False), result.cost
