"""Many repositories in one GraphQL query: chunked by size, partial data used, what is missing asked for again.

Where GitHub runs out of time or refuses the size, the next query is half as large; what it did answer is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from github_cache import metrics
from github_cache.upstream import graphql
from github_cache.upstream.attempts import Bearer
from github_cache.upstream.errors import BadAnswer, Throttled, Unreachable, UpstreamError
from github_cache.upstream.graphql_answers import GraphqlAnswer
from github_cache.upstream.graphql_documents import Part, batch
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

MOST_HALVINGS = 6
"""Times that one fetch asks for less before it is given up."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of one repository. `weight` counts against the size of the query."""

    part: Part
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Got:
    """A repository's part of an answer, with the problems within it; `cost` is that of the whole query for the first
    of its parts, and 0 for the others, so that costs add up."""

    node: Mapping[str, Any]
    problems: tuple[str, ...]
    cost: int


def ask(
    name: str, wishes: Sequence[Wish], *, tenant: str, lane: Lane, bearer: Bearer | None = None
) -> list[Got | UpstreamError] | Wait:
    """What GitHub answers to each wish, in their order. A wish that had to wait while others were answered is
    Throttled; a Wait comes back where none was. Raises what concerns the queries as a whole.
    """
    found: dict[int, Got | UpstreamError] = {}
    pending = list(enumerate(wishes))
    halvings = 0
    while pending:
        size = graphql.sizes.of(name)
        group = list(_group(pending, size))
        try:
            answer = _asked(name, [wish for _, wish in group], tenant, lane, bearer)
        except (BadAnswer, Unreachable) as error:
            halvings += 1
            load = sum(wish.weight for _, wish in group)
            if not graphql.too_large(error) or halvings > MOST_HALVINGS or _halved(name, load) is None:
                raise
            continue
        if isinstance(answer, Wait):
            if not found:
                return answer
            late = Throttled(answer)
            return [found.get(index, late) for index in range(len(wishes))]
        again = _take(group, answer, found, may_repeat=halvings < MOST_HALVINGS)
        if again:
            halvings += 1
            _halved(name, sum(wish.weight for _, wish in group))
        else:
            load = sum(wish.weight for _, wish in group)
            metrics.GRAPHQL_PAGE.labels(name).set(graphql.sizes.went_well(name, load))
        pending = again + pending[len(group) :]
    return [found[index] for index in range(len(wishes))]


def _group(pending: Sequence[tuple[int, Wish]], size: int) -> Iterator[tuple[int, Wish]]:
    """The first of what is pending that fit into one query; at least one."""
    load = 0
    for position, (index, wish) in enumerate(pending):
        load += wish.weight
        if position and (load > size or position >= graphql.MOST_ALIASES):
            return
        yield index, wish


def _asked(name: str, wishes: Sequence[Wish], tenant: str, lane: Lane, bearer: Bearer | None) -> GraphqlAnswer | Wait:
    query = batch(name, [wish.part for wish in wishes])
    single = wishes[0].part
    about = f"/repos/{single.owner}/{single.name}" if len(wishes) == 1 else ""
    return graphql.run(query, tenant=tenant, lane=lane, bearer=bearer, about=about)


def _take(
    group: Sequence[tuple[int, Wish]],
    answer: GraphqlAnswer,
    found: dict[int, Got | UpstreamError],
    *,
    may_repeat: bool,
) -> list[tuple[int, Wish]]:
    """Note what was answered in `found`; return what was cut off because the query was too large."""
    again = []
    cost = answer.cost
    for position, (index, wish) in enumerate(group):
        alias = f"r{position}"
        cut_off = any(problem.too_much and problem.path[:1] in ((alias,), ()) for problem in answer.problems)
        node = answer.data.get(alias)
        if cut_off and len(group) > 1 and may_repeat:
            again.append((index, wish))
        elif node is None:
            found[index] = answer.error_at(alias)
        else:
            found[index] = Got(node, answer.beside(alias), cost)
            cost = 0
    return again


def _halved(name: str, asked: int) -> int | None:
    smaller = graphql.sizes.shrink(name, asked)
    if smaller is not None:
        metrics.GRAPHQL_PAGE.labels(name).set(smaller)
    return smaller
