"""What fetching brings: values in their normalised shape, whichever API they came by (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from github_cache.entries import Validators
from github_cache.keys import Scope
from github_cache.upstream.protocol import JSON

Source = Literal["graphql", "rest"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A resource. `scope` and `public` are what the answer tells of its repository or organisation, None where it
    tells nothing. `complete` is False where `errors` stand beside partial data, `more` is True where a list
    goes on after what was fetched of it. `cost` in points (GraphQL) or calls (REST)."""

    value: JSON
    validators: Validators | None
    scope: Scope | None
    public: bool | None
    source: Source
    status: int = 200
    complete: bool = True
    more: bool = False
    errors: tuple[str, ...] = ()
    cost: int = 1


@dataclass(frozen=True, slots=True)
class NotModified:
    """GitHub says that what is known still holds."""

    source: Source = "rest"


@dataclass(frozen=True, slots=True)
class RepositoryPage:
    """A page of an organisation's repositories, each with `languages`; `next_cursor` is None after the last.

    `organization_id` is None for a user's account. `errors` stand beside partial data.
    """

    repositories: tuple[dict[str, Any], ...]
    next_cursor: str | None
    total: int
    cost: int
    source: Source
    organization_id: int | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AutomationFiles:
    """The files of a repository that can hold automations, by path, as they stood at the commit `head` ('' in an empty
    repository). `truncated`: paths of files that are too large, too many or no text, and so were not read."""

    files: Mapping[str, str]
    head: str
    truncated: tuple[str, ...] = ()
