"""What is shown of the documents on one page of results: two plain queries, in the order asked for."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

import orjson
from django.db import connection

from stats.filters import Term
from stats.highlighting import highlight
from stats.vocabulary import REPOSITORY_KIND

_OF_REPOSITORY: Final = (
    "r.full_name, r.html_url, r.default_branch, r.visibility, r.archived, r.languages, r.topics, r.pushed_at"
)
_REPOSITORIES: Final = (
    f"SELECT r.id, r.description, {_OF_REPOSITORY} FROM stats_repository r WHERE r.id IN ({{places}})"  # noqa: S608
)
_AUTOMATIONS: Final = (
    "SELECT a.id, a.kind, a.name, a.description, a.path, a.line, a.triggers, a.actions, a.blueprints, a.pinned, "  # noqa: S608
    f"{_OF_REPOSITORY} FROM stats_automation a JOIN stats_repository r ON r.id = a.repository_id "
    "WHERE a.id IN ({places})"
)


def results(doc_ids: Sequence[int], terms: Sequence[Term]) -> list[dict[str, Any]]:
    """The documents as results; one that was removed a moment ago is left out."""
    repositories = [doc_id // 2 for doc_id in doc_ids if doc_id % 2 == 0]
    automations = [doc_id // 2 for doc_id in doc_ids if doc_id % 2]
    found = {row[0] * 2: _repository(row) for row in _rows(_REPOSITORIES, repositories)}
    found |= {row[0] * 2 + 1: _automation(row) for row in _rows(_AUTOMATIONS, automations)}
    shown = [found[doc_id] for doc_id in doc_ids if doc_id in found]
    for result in shown:
        fields = {name: result[name] for name in ("name", "description", "repository", "path")}
        result["highlights"] = highlight(fields, terms)
    return shown


def _rows(statement: str, keys: Sequence[int]) -> list[Any]:
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement.format(places=",".join(["%s"] * len(keys))), list(keys))
        return list(cursor.fetchall())


def _repository(row: Any) -> dict[str, Any]:
    of = _of_repository(row[2:])
    return {
        "kind": REPOSITORY_KIND,
        "name": of["repository"].partition("/")[2],
        "description": row[1] or None,
        **of,
        "path": None,
        "line": None,
        "url": row[3] or None,
        "triggers": [],
        "actions": [],
        "blueprint": None,
        "blueprints": [],
        "pinned": None,
    }


def _automation(row: Any) -> dict[str, Any]:
    of = _of_repository(row[10:])
    html_url, branch = row[11], row[12]
    blueprints = orjson.loads(row[8])
    path, line = row[4], row[5]
    return {
        "kind": row[1],
        "name": row[2],
        "description": row[3] or None,
        **of,
        "path": path,
        "line": line,
        "url": f"{html_url}/blob/{quote(branch or 'HEAD')}/{quote(path)}#L{line}" if html_url else None,
        "triggers": orjson.loads(row[6]),
        "actions": orjson.loads(row[7]),
        "blueprint": blueprints[0] if blueprints else None,
        "blueprints": blueprints,
        "pinned": None if row[9] is None else bool(row[9]),
    }


def _of_repository(row: Any) -> dict[str, Any]:
    pushed_at = row[7]
    return {
        "repository": row[0],
        "visibility": row[3],
        "archived": bool(row[4]),
        "languages": list(orjson.loads(row[5])),
        "topics": orjson.loads(row[6]),
        "pushed_at": str(pushed_at)[:19].replace(" ", "T") + "Z" if pushed_at else None,
    }
