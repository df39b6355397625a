"""What is counted and what is searched about a repository and an automation. *Pure*.

From the values that GitHub gave (the normalised repository) and the records read off its files to facet values and
to words by field. The fields' order is their weight in ranking.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from stats.automations.records import AutomationRecord
from stats.automations.references import without_version
from stats.vocabulary import REPOSITORY_KIND
from stats.words import words

FIELDS: Final = ("name", "repository", "description", "body")
MAX_VALUE: Final = 255
MAX_BODY_WORDS: Final = 1_000
MAX_REPEATS: Final = 200  # of one word in one document: PostgreSQL keeps no more than 255 places of a word

FacetValues = tuple[tuple[str, str], ...]  # (facet, value), each once
Document = tuple[tuple[str, ...], ...]  # the words of each of FIELDS


@dataclass(frozen=True, slots=True)
class RepositoryValue:
    """A repository as indexed; `newest_at` in epoch seconds."""

    github_id: int
    full_name: str
    owner: str
    description: str
    html_url: str
    default_branch: str
    visibility: str
    is_private: bool
    archived: bool
    fork: bool
    licence: str
    topics: tuple[str, ...]
    languages: dict[str, int]
    stargazers_count: int
    forks_count: int
    open_issues_count: int
    created_at: datetime | None
    updated_at: datetime | None
    pushed_at: datetime | None

    @property
    def newest_at(self) -> int:
        newest = self.pushed_at or self.updated_at or self.created_at
        return int(newest.timestamp()) if newest else 0


def repository_value(
    given: Mapping[str, Any], languages_known: Mapping[str, int] = MappingProxyType({})
) -> RepositoryValue:
    """The normalised repository of the gateway, as the index keeps it.

    Args:
        languages_known: Name -> bytes, used where `given` was fetched without its languages.

    Raises:
        ValueError: it has no ID or no full name.
    """
    full_name = clean(given.get("full_name"))
    if not isinstance(given.get("id"), int) or "/" not in full_name:
        raise ValueError(f"a repository needs a numeric id and a full_name, not {given.get('id')!r}, {full_name!r}")
    owner = given.get("owner")
    languages = given.get("languages")
    if languages is None:
        languages = languages_known or ({given["language"]: 0} if given.get("language") else {})
    private = bool(given.get("private", True))
    return RepositoryValue(
        github_id=given["id"],
        full_name=full_name,
        owner=clean(owner.get("login")) if isinstance(owner, Mapping) else full_name.partition("/")[0],
        description=clean(given.get("description")),
        html_url=_web_address(given.get("html_url")),
        default_branch=clean(given.get("default_branch")),
        visibility=clean(given.get("visibility")) or ("private" if private else "public"),
        is_private=private,
        archived=bool(given.get("archived")),
        fork=bool(given.get("fork")),
        licence=_licence(given.get("license")),
        topics=tuple(clean(topic) for topic in given.get("topics") or ()),
        languages={clean(name): int(size or 0) for name, size in languages.items()},
        stargazers_count=_count(given, "stargazers_count"),
        forks_count=_count(given, "forks_count"),
        open_issues_count=_count(given, "open_issues_count"),
        created_at=_time(given.get("created_at")),
        updated_at=_time(given.get("updated_at")),
        pushed_at=_time(given.get("pushed_at")),
    )


def repository_facets(repository: RepositoryValue) -> FacetValues:
    """The facet values of a repository, also those that its automations are counted by."""
    return _bounded(
        [
            ("kind", REPOSITORY_KIND),
            ("repository", repository.full_name),
            ("owner", repository.owner),
            ("visibility", repository.visibility),
            ("archived", _yes_no(repository.archived)),
            ("fork", _yes_no(repository.fork)),
            ("licence", repository.licence),
            *(("language", name) for name in repository.languages),
            *(("topic", topic) for topic in repository.topics),
        ]
    )


def automation_facets(record: AutomationRecord) -> FacetValues:
    """The facet values that stand on an automation itself."""
    versions = [reference for reference in record.actions if without_version(reference) != reference]
    return _bounded(
        [
            ("kind", record.kind),
            *(("trigger", trigger) for trigger in record.triggers),
            *(("action", without_version(reference)) for reference in record.actions),
            *(("action_version", reference) for reference in versions),
            *(("blueprint", blueprint) for blueprint in record.blueprints),
            *(("runner", runner) for runner in record.runners),
            *(("permission", permission) for permission in record.permissions),
            *(("secret", secret) for secret in record.secrets),
            *([("pinned", _yes_no(record.pinned))] if record.pinned is not None else []),
        ]
    )


def repository_document(repository: RepositoryValue) -> Document:
    """The words of a repository, by field."""
    name = repository.full_name.partition("/")[2]
    rest = [*repository.topics, *repository.languages, repository.licence]
    return _document(name, repository.full_name, repository.description, rest)


def automation_document(record: AutomationRecord, full_name: str) -> Document:
    """The words of an automation, by field."""
    rest = [
        record.path,
        *record.triggers,
        *record.actions,
        *record.blueprints,
        *record.runners,
        *record.schedules,
        *record.secrets,
        *record.details,
    ]
    return _document(record.name, full_name, record.description or "", rest)


def clean(value: Any) -> str:
    """`value` as text that every database can keep: no NUL, no lone surrogate; empty for None."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _document(name: str, repository: str, description: str, rest: Iterable[str]) -> Document:
    head = tuple(words(text)[:MAX_REPEATS] for text in (name, repository, description))
    body: list[str] = []
    repeats: dict[str, int] = {}
    for piece in dict.fromkeys(rest):
        found = words(piece)
        if len(body) + len(found) > MAX_BODY_WORDS or any(repeats.get(word, 0) > MAX_REPEATS for word in found):
            continue
        for word in found:
            repeats[word] = repeats.get(word, 0) + 1
        body.extend(found)
    return (*head, tuple(body))


def _bounded(values: Sequence[tuple[str, str]]) -> FacetValues:
    tidy = ((facet, " ".join(value.split())[:MAX_VALUE]) for facet, value in values)
    return tuple(dict.fromkeys((facet, value) for facet, value in tidy if value))


def _web_address(value: Any) -> str:
    address = clean(value)
    return address if address.startswith(("https://", "http://")) else ""


def _licence(value: Any) -> str:
    spdx = value.get("spdx_id") if isinstance(value, Mapping) else value
    return clean(spdx)[:100]


def _count(given: Mapping[str, Any], name: str) -> int:
    value = given.get(name)
    return min(value, 2**31 - 1) if isinstance(value, int) and value > 0 else 0


def _time(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def _yes_no(value: bool | None) -> str:
    return "true" if value else "false"
