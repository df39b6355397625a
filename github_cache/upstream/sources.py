"""Which API is asked, in which order, and what leads on to the other one (pure)."""

from dataclasses import dataclass

from github_cache.upstream.errors import BadAnswer, BadCall, Forbidden, NoCredential, Unreachable, UpstreamError
from github_cache.upstream.fetched import Source

BOTH: frozenset[Source] = frozenset({"graphql", "rest"})
_OTHER: dict[Source, Source] = {"graphql": "rest", "rest": "graphql"}


@dataclass(frozen=True, slots=True)
class Flags:
    """GITHUB_GRAPHQL_ENABLED, GITHUB_REST_FALLBACK_ENABLED and GITHUB_API_MODE as they stand now."""

    graphql: bool = True
    rest_fallback: bool = True
    mode: str = "auto"


def plan(first: Source, offered: frozenset[Source], flags: Flags) -> tuple[Source, ...]:
    """The APIs to try, in order; empty where the settings leave none.

    A mode of rest or graphql allows that one only. Without the fallback REST serves only what GraphQL does not offer.
    """
    if flags.mode in _OTHER:
        allowed = {source for source in offered if source == flags.mode}
    else:
        allowed = set(offered)
        if not flags.rest_fallback and "graphql" in offered:
            allowed.discard("rest")
        if not flags.graphql:
            allowed.discard("graphql")
    return tuple(source for source in (first, _OTHER[first]) if source in allowed)


def leads_on(error: UpstreamError, source: Source) -> bool:
    """Could the other API answer where this one failed so?"""
    if isinstance(error, BadCall | NoCredential):
        return False
    if isinstance(error, Unreachable):
        return error.timed_out and error.sent
    if isinstance(error, Forbidden):
        return source == "graphql"
    return isinstance(error, BadAnswer)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list that both APIs give in the same order: how many items lie before it, and GraphQL's cursor
    where GraphQL gave the last of them."""

    offset: int = 0
    after: str | None = None

    @property
    def only_rest(self) -> bool:
        """True for a place that GraphQL cannot begin at."""
        return self.offset > 0 and self.after is None

    def __str__(self) -> str:
        return f"{self.offset}:{self.after or ''}"

    @classmethod
    def read(cls, text: str | None) -> "Cursor":
        """The cursor that was written. Raises BadCall for anything else."""
        offset, colon, after = (text or "0:").partition(":")
        if not (colon and offset.isascii() and offset.isdigit() and len(offset) < 10):
            raise BadCall("the cursor is none that was given out")
        return cls(int(offset), after or None)
