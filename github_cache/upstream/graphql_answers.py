"""What a GraphQL answer says: data, errors beside it, and what it cost (pure).

The body decides, not the status: GitHub answers 200 for nearly everything. Data beside errors is used, and its errors
are handed on. Sources: docs.github.com/graphql, and the GraphQL specification, "Response Format".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from github_cache.upstream import errors
from github_cache.upstream.errors import BadAnswer, TooMuch, Unsupported, UpstreamError
from github_cache.upstream.protocol import Reply

_TOO_MUCH = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"})
_UNSUPPORTED = frozenset({"undefinedField", "undefinedType", "argumentNotAccepted", "argumentLiteralsIncompatible"})
_STATUS = {"NOT_FOUND": 404, "FORBIDDEN": 403, "INSUFFICIENT_SCOPES": 403, "UNPROCESSABLE": 422}


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of `errors`. `kind` is GitHub's type or code, `path` where in the data it stands."""

    kind: str
    message: str
    path: tuple[str, ...]

    @property
    def too_much(self) -> bool:
        """True where GitHub stopped because the query was too large."""
        return self.kind in _TOO_MUCH

    def error(self) -> UpstreamError:
        """The problem as an error of ours."""
        if self.too_much:
            return TooMuch(self.message, 200)
        if self.kind in _UNSUPPORTED or "doesn't exist on type" in self.message:
            return Unsupported(self.message, 200)
        status = _STATUS.get(self.kind)
        return errors.refused(status, self.message) if status else BadAnswer(self.message, 200)

    def __str__(self) -> str:
        place = "/".join(self.path)
        return f"{place}: {self.message}" if place else self.message


@dataclass(frozen=True, slots=True)
class GraphqlAnswer:
    """The data as far as there are any, the problems beside them, the points that were charged, who asked."""

    data: Mapping[str, Any]
    problems: tuple[Problem, ...]
    cost: int
    bearer: str

    @property
    def cut_short(self) -> bool:
        """True where GitHub stopped in the middle because the query was too large."""
        return any(problem.too_much for problem in self.problems)

    def at(self, name: str) -> Any:
        """What stands under a name at the top. Raises the error that explains why nothing does."""
        found = self.data.get(name)
        if found is None:
            raise self.error_at(name)
        return found

    def error_at(self, name: str) -> UpstreamError:
        """Why nothing stands under a name at the top."""
        here = [problem for problem in self.problems if problem.path[:1] == (name,)]
        general = [problem for problem in self.problems if not problem.path]
        if found := here or general or self.problems:
            return found[0].error()
        return errors.refused(404, "Not Found")

    def beside(self, name: str) -> tuple[str, ...]:
        """The problems within what stands under a name, in words."""
        return tuple(str(problem) for problem in self.problems if problem.path[:1] == (name,))


def read(reply: Reply) -> GraphqlAnswer:
    """The answer in a reply. Raises BadAnswer where it is none, and Refused for another status than 200."""
    body = reply.json()
    if reply.status != 200:
        raise errors.refused(reply.status, reply.message())
    if not isinstance(body, dict):
        raise BadAnswer("GitHub answered a GraphQL query with something else than an object", reply.status)
    data, listed = body.get("data"), body.get("errors")
    problems = tuple(_problem(each) for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()
    kept = data if isinstance(data, dict) else {}
    charged = kept.get("rateLimit")
    cost = charged.get("cost") if isinstance(charged, dict) else None
    found = {name: value for name, value in kept.items() if name != "rateLimit"}
    if problems and all(value is None for value in found.values()):
        _raise_if_general(problems)
    return GraphqlAnswer(found, problems, cost if isinstance(cost, int) else 1, reply.bearer)


def _raise_if_general(problems: tuple[Problem, ...]) -> None:
    """Raises what concerns the query as a whole; what concerns one place in it is left to who reads that place."""
    for problem in problems:
        error = problem.error()
        if isinstance(error, TooMuch | Unsupported) or not problem.path:
            raise error


def _problem(entry: Mapping[str, Any]) -> Problem:
    extensions = entry.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    path = entry.get("path")
    return Problem(
        kind=str(entry.get("type") or code or ""),
        message=str(entry.get("message") or "GitHub names no reason"),
        path=tuple(str(part) for part in path) if isinstance(path, list) else (),
    )
