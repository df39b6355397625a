"""The facets: THE table of what can be counted and filtered by, and on what it stands. *Pure*.

A facet of an automation is counted on automations; a facet of a repository counts the repository's automations.
Adding one means a row here and its values in :mod:`stats.documents`.
"""

from dataclasses import dataclass
from typing import Final, Literal

Bearer = Literal["automation", "repository"]


@dataclass(frozen=True, slots=True)
class Facet:
    """Attributes:
    name: Its name in parameters, in the search box and in answers.
    bearer: What has values of it.
    title: How people are shown it.
    choices: The only values there are; None where any value may occur.
    listed: Stands among the facets of an answer; otherwise it is only a filter.
    """

    name: str
    bearer: Bearer
    title: str
    choices: tuple[str, ...] | None = None
    listed: bool = True


REPOSITORY_KIND: Final = "repository"
KINDS: Final = ("github_actions", "home_assistant", REPOSITORY_KIND)
_YES_NO: Final = ("true", "false")

FACETS: Final[dict[str, Facet]] = {
    facet.name: facet
    for facet in (
        Facet("kind", "automation", "Kind", KINDS),
        Facet("trigger", "automation", "Trigger"),
        Facet("action", "automation", "Action"),
        Facet("action_version", "automation", "Action version"),
        Facet("blueprint", "automation", "Blueprint"),
        Facet("runner", "automation", "Runner"),
        Facet("permission", "automation", "Permission"),
        Facet("secret", "automation", "Secret"),
        Facet("pinned", "automation", "Pinned to a commit", _YES_NO),
        Facet("language", "repository", "Language"),
        Facet("topic", "repository", "Topic"),
        Facet("owner", "repository", "Owner"),
        Facet("licence", "repository", "Licence"),
        Facet("visibility", "repository", "Visibility", ("public", "internal", "private")),
        Facet("archived", "repository", "Archived", _YES_NO),
        Facet("fork", "repository", "Fork", _YES_NO),
        Facet("repository", "repository", "Repository", listed=False),
    )
}

ALIASES: Final = {
    "license": "licence",
    "lang": "language",
    "repo": "repository",
    "org": "owner",
    "version": "action_version",
    "on": "trigger",
    "uses": "action",
}


def facet_named(name: str) -> Facet | None:
    """The facet that `name` or one of its other names stands for."""
    name = name.lower()
    return FACETS.get(ALIASES.get(name, name))
