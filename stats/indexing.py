"""Writes what GitHub said into the index: one repository, one transaction, the older never over the newer.

Pure upserts of given values; reading GitHub is :mod:`stats.syncing`. What did not change is not written. The
generation is bumped after everything else, because its row's lock puts writers in a row: a reader that sees a
generation sees all of it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from github_cache import invalidation
from github_cache.keys import Scope
from stats import metrics, text_index
from stats.automations import AutomationRecord, Unreadable, read_file
from stats.documents import (
    Document,
    FacetValues,
    automation_document,
    automation_facets,
    repository_document,
    repository_facets,
    repository_value,
)
from stats.loading import automation_doc, repository_doc
from stats.models import Automation, FacetValue, IndexedFile, IndexGeneration, Repository

ANSWERS: Final = "index"  # the kind of the epoch that rendered answers of the index bear
_CHUNK: Final = 500
# What changes with every star is kept, but makes no new generation: no answer of the index shows it.
_COUNTERS: Final = frozenset({"stargazers_count", "forks_count", "open_issues_count"})


class Outcome(Enum):
    """What came of one indexing."""

    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    OLDER = "older"  # something newer stands there already; nothing was written
    REMOVED = "removed"


def index_repository(
    tenant: str, given: Mapping[str, Any], files: Mapping[str, str | bytes] | None, observed_at: datetime
) -> Outcome:
    """Put one repository and the automations in its files into the index.

    Args:
        given: The normalised repository of the gateway.
        files: Path -> content of every file that may hold automations; None where they could not be
            fetched: then the automations stay as they are.
        observed_at: When GitHub was asked.

    Raises:
        ValueError: `given` has no ID or no full name.
    """
    readings = None if files is None else {path: read_file(path, content) for path, content in files.items()}
    with metrics.repository_sync_duration_seconds.labels(tenant).time(), transaction.atomic():
        outcome = _write(tenant, given, readings, observed_at)
    metrics.repository_sync_total.labels(tenant, outcome.value).inc()
    return outcome


def remove_repository(tenant: str, github_id: int, at: datetime) -> Outcome:
    """Take a deleted (or transferred, or suddenly private) repository out of the index, at once and wholly.

    Its emptied row stays, so that what was observed before `at` cannot bring it back.
    """
    with transaction.atomic():
        row = Repository.objects.select_for_update().filter(tenant_id=tenant, github_id=github_id).first()
        if row is None:
            row = Repository(tenant_id=tenant, github_id=github_id)
        elif row.observed_at > at:
            return Outcome.OLDER
        elif row.removed_at is not None:
            return Outcome.UNCHANGED
        if row.pk is not None:
            automations = list(row.automations.values_list("pk", flat=True))
            text_index.replace({}, [repository_doc(row.pk), *map(automation_doc, automations)])
            row.automations.all().delete()
            row.files.all().delete()
        kept = Repository(pk=row.pk, tenant_id=tenant, github_id=github_id, observed_at=at, removed_at=at)
        kept.save()
        _bump(tenant, kept)
    metrics.repository_sync_total.labels(tenant, Outcome.REMOVED.value).inc()
    return Outcome.REMOVED


def privatise(tenant: str, github_id: int, at: datetime) -> Outcome:
    """What was public is private: it is gone at once. A later observation with the tenant's own token adds it anew."""
    return remove_repository(tenant, github_id, at)


def renew(tenant: str) -> int:
    """Make a new generation without any change, so that every stored answer is out of reach; returns it."""
    with transaction.atomic():
        return _bump(tenant, None)


def _write(tenant: str, given: Mapping[str, Any], readings: Mapping[str, Any] | None, observed_at: datetime) -> Outcome:
    row = Repository.objects.select_for_update().filter(tenant_id=tenant, github_id=given.get("id")).first()
    value = repository_value(given, row.languages if row else {})
    if row is not None and row.observed_at > observed_at:
        return Outcome.OLDER
    fields = asdict(value)
    fields["topics"] = list(value.topics)
    digest = _digest({name: field for name, field in fields.items() if name not in _COUNTERS})
    same = row is not None and row.removed_at is None and row.digest == digest
    if row is None:
        row = Repository(tenant_id=tenant, github_id=value.github_id)
    for name, field in fields.items():
        setattr(row, name, field)
    row.newest_at = value.newest_at or int(observed_at.timestamp())
    row.observed_at, row.removed_at, row.digest = observed_at, None, digest
    if readings is not None:
        unreadable = sum(isinstance(reading, Unreadable) for reading in readings.values())
        same, row.unreadable_files = same and row.unreadable_files == unreadable, unreadable
    documents: dict[int, Document] = {}
    if not same:
        row.facet_ids = _facet_ids(tenant, {None: repository_facets(value)})[None]
    row.save()
    if not same:
        documents[repository_doc(row.pk)] = repository_document(value)
    gone: list[int] = []
    if readings is not None:
        _write_files(row, readings)
        records = [record for reading in readings.values() if not isinstance(reading, Unreadable) for record in reading]
        written, gone = _write_automations(row, records)
        documents |= written
    if same and not documents and not gone:
        return Outcome.UNCHANGED
    text_index.replace(documents, gone)
    _bump(tenant, row)
    return Outcome.INDEXED


def _write_files(row: Repository, readings: Mapping[str, Any]) -> None:
    files = {
        path: IndexedFile(
            repository=row,
            path=path,
            automations=0 if isinstance(reading, Unreadable) else len(reading),
            reason=reading.reason if isinstance(reading, Unreadable) else "",
        )
        for path, reading in readings.items()
    }
    known = {file.path: file for file in row.files.all()}
    same = {p for p, f in files.items() if p in known and _said(known[p]) == _said(f)}
    if stale := [file.pk for path, file in known.items() if path not in same]:
        for start in range(0, len(stale), _CHUNK):
            IndexedFile.objects.filter(pk__in=stale[start : start + _CHUNK]).delete()
    IndexedFile.objects.bulk_create([file for path, file in files.items() if path not in same])


def _said(file: IndexedFile) -> tuple[int, str]:
    return file.automations, file.reason


def _write_automations(row: Repository, records: Iterable[AutomationRecord]) -> tuple[dict[int, Document], list[int]]:
    """Bring the repository's automations to `records`; returns the documents to write and those that are gone."""
    known: dict[tuple[str, str, int], tuple[int, str]] = {}
    for pk, path, name, digest in row.automations.order_by("pk").values_list("pk", "path", "name", "digest"):
        known[_nth(known, path, name)] = (pk, digest)
    wanted: dict[tuple[str, str, int], AutomationRecord] = {}
    for record in records:
        wanted[_nth(wanted, record.path, record.name)] = record
    changed = {
        key: record
        for key, record in wanted.items()
        if key not in known or known[key][1] != _digest((row.full_name, record))
    }
    ids = _facet_ids(row.tenant_id, {key: automation_facets(record) for key, record in changed.items()})
    rows = [
        Automation(
            pk=known[key][0] if key in known else None,
            tenant_id=row.tenant_id,
            repository=row,
            kind=record.kind,
            name=record.name,
            description=record.description or "",
            path=record.path,
            line=record.line,
            triggers=record.triggers,
            actions=record.actions,
            blueprints=record.blueprints,
            permissions=record.permissions,
            runners=record.runners,
            schedules=record.schedules,
            secrets=record.secrets,
            pinned=record.pinned,
            digest=_digest((row.full_name, record)),
            facet_ids=ids[key],
            newest_at=row.newest_at,
        )
        for key, record in changed.items()
    ]
    gone = [pk for key, (pk, _) in known.items() if key not in wanted]
    for start in range(0, len(gone), _CHUNK):
        Automation.objects.filter(pk__in=gone[start : start + _CHUNK]).delete()
    Automation.objects.bulk_create([row for row in rows if row.pk is None], batch_size=_CHUNK)
    _overwrite([row for row in rows if row.pk in {pk for pk, _ in known.values()}])
    documents = {
        automation_doc(written.pk): automation_document(record, row.full_name)
        for written, record in zip(rows, changed.values(), strict=True)
    }
    return documents, [automation_doc(pk) for pk in gone]


def _overwrite(rows: list[Automation]) -> None:
    if rows:
        names = [field.name for field in Automation._meta.concrete_fields if not field.primary_key]
        Automation.objects.bulk_create(
            rows, batch_size=_CHUNK, update_conflicts=True, unique_fields=["id"], update_fields=names
        )


def _nth(taken: Mapping[tuple[str, str, int], Any], path: str, name: str) -> tuple[str, str, int]:
    """A key for an automation that several in one file may share the name with."""
    number = 0
    while (path, name, number) in taken:
        number += 1
    return path, name, number


def _facet_ids(tenant: str, wanted: Mapping[Any, FacetValues]) -> dict[Any, str]:
    """For each key its facet values as comma-separated IDs; values never seen get one."""
    values = sorted({value for some in wanted.values() for value in some})
    ids = _known_ids(tenant, values)
    if missing := [value for value in values if value not in ids]:
        FacetValue.objects.bulk_create(
            [FacetValue(tenant_id=tenant, facet=facet, value=value) for facet, value in missing],
            batch_size=_CHUNK,
            ignore_conflicts=True,
        )
        ids |= _known_ids(tenant, missing)
    return {key: ",".join(str(ids[value]) for value in some) for key, some in wanted.items()}


def _known_ids(tenant: str, values: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    known: dict[tuple[str, str], int] = {}
    for start in range(0, len(values), _CHUNK):
        texts = {value for _, value in values[start : start + _CHUNK]}
        rows = FacetValue.objects.filter(tenant_id=tenant, value__in=texts)
        known |= {(facet, value): pk for pk, facet, value in rows.values_list("pk", "facet", "value")}
    return known


def _bump(tenant: str, row: Repository | None) -> int:
    """The last statements of every transaction that changes the index."""
    IndexGeneration.objects.get_or_create(tenant_id=tenant)
    generation = IndexGeneration.objects.filter(tenant_id=tenant)
    generation.update(value=F("value") + 1, changed_at=timezone.now())
    value = generation.values_list("value", flat=True).get()
    transaction.on_commit(lambda: invalidation.by_kind(tenant, Scope("tenant", tenant), (ANSWERS,)))
    if row is not None:
        Repository.objects.filter(pk=row.pk).update(generation=value)
    return value


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()
