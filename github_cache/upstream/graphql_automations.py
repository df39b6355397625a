"""The workflow and automation files of many repositories by GraphQL.

The first query reads, for some 25 repositories, the workflows and what most Home Assistant configurations consist of;
it costs one point. Where a configuration has more, its folders are listed and the files that may hold automations are
read, many in a query, all at the commit that the first query saw.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from github_cache.upstream import automation_paths, graphql_batches, paths
from github_cache.upstream.automation_paths import FOLDER, WORKFLOWS
from github_cache.upstream.errors import BadAnswer, Throttled, UpstreamError
from github_cache.upstream.fetched import AutomationFiles
from github_cache.upstream.graphql_batches import Got, Wish
from github_cache.upstream.graphql_documents import Part
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

_SHA = re.compile(r"[0-9a-f]{40,64}")
_AT_ONCE = 50
"""Files of one repository that are asked for in one query."""


@dataclass(slots=True)
class _Reading:
    """A repository while its files are gathered; `wanted` are the paths that are still to be read."""

    full_name: str
    head: str = ""
    files: dict[str, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    roots: tuple[str, ...] = ()
    wanted: list[str] = field(default_factory=list)
    error: UpstreamError | None = None

    def take(self, path: str, blob: Mapping[str, Any] | None) -> None:
        """Note a file's text, or that it cannot be read."""
        if not blob or blob.get("isBinary") or blob.get("isTruncated") or blob.get("text") is None:
            self.unread.add(path)
        else:
            self.files[path] = blob["text"]

    def take_folder(self, folder: str, tree: Mapping[str, Any] | None) -> None:
        """Note the YAML files that stand directly in a folder."""
        for entry in (tree or {}).get("entries") or ():
            path = f"{folder}/{entry['name']}"
            if entry["type"] != FOLDER and automation_paths.is_yaml(path):
                self.take(path, entry.get("object"))

    def result(self) -> AutomationFiles | UpstreamError:
        if self.error is not None:
            return self.error
        return AutomationFiles(dict(sorted(self.files.items())), self.head, tuple(sorted(self.unread)))


def read(full_names: Sequence[str], *, tenant: str, lane: Lane) -> dict[str, AutomationFiles | UpstreamError] | Wait:
    """The files of each repository, or why they could not be read. Raises BadCall for a name that is none, and what
    concerns the queries as a whole."""
    readings = [_Reading(name) for name in full_names]
    for step in (_read_first, _read_listings, _read_rest):
        waiting = step(readings, tenant, lane)
        if waiting is not None:
            return waiting
    return {reading.full_name: reading.result() for reading in readings}


def _read_first(readings: Sequence[_Reading], tenant: str, lane: Lane) -> Wait | None:
    found = _ask("automations", readings, lambda _: "...AutomationFields", tenant, lane)
    if isinstance(found, Wait):
        return found
    for reading, got in found:
        node = got.node
        if node.get("head") is None:
            continue  # an empty repository
        reading.head = node["head"]["oid"]
        if not _SHA.fullmatch(reading.head):
            reading.error = BadAnswer("GitHub named a commit that is no SHA")
            continue
        reading.take_folder(WORKFLOWS, node.get("workflows"))
        top = list(automation_paths.below(node.get("root"), ""))
        reading.roots = automation_paths.roots(top)
        if reading.roots == ("",):
            for name in ("automations", "configuration"):
                if node.get(f"{name}File"):
                    reading.take(f"{name}.yaml", node[f"{name}File"])
            reading.take_folder("automations", node.get("automations"))
            nested = any(entry["type"] == FOLDER for entry in (node.get("automations") or {}).get("entries") or ())
            if automation_paths.all_read(top) and not nested:
                reading.roots = ()
    return None


def _read_listings(readings: Sequence[_Reading], tenant: str, lane: Lane) -> Wait | None:
    for root in ("", *automation_paths.NESTED):
        rooted = [reading for reading in readings if root in reading.roots]
        found = _ask("listings", rooted, _listing_of(root), tenant, lane)
        if isinstance(found, Wait):
            return found
        for reading, got in found:
            listing = automation_paths.below(got.node.get("found"), root)
            readable, unread = automation_paths.wanted(listing, root)
            reading.wanted += [path for path in readable if path not in reading.files and path not in reading.unread]
            reading.unread.update(unread)
    return None


def _listing_of(root: str) -> Callable[[_Reading], str]:
    return lambda reading: f'found: object(expression: "{reading.head}:{root}") {{ ...ListingFields }}'


def _read_rest(readings: Sequence[_Reading], tenant: str, lane: Lane) -> Wait | None:
    """The texts that are wanted, `_AT_ONCE` of a repository at a time. Their paths go in as variables."""
    while unread := [reading for reading in readings if reading.wanted and reading.error is None]:
        now = {id(reading): reading.wanted[:_AT_ONCE] for reading in unread}
        wishes = [_texts(reading, now[id(reading)]) for reading in unread]
        found = graphql_batches.ask("files", wishes, tenant=tenant, lane=lane)
        if isinstance(found, Wait):
            return found
        for reading, got in zip(unread, found, strict=True):
            if isinstance(got, Throttled):
                return got.wait
            reading.error = _error(got)
            if isinstance(got, UpstreamError) or reading.error is not None:
                continue
            for position, path in enumerate(now[id(reading)]):
                reading.take(path, got.node.get(f"f{position}"))
            del reading.wanted[:_AT_ONCE]
    return None


def _texts(reading: _Reading, wanted: Sequence[str]) -> Wish:
    selection = " ".join(
        f"f{position}: object(expression: $f{position}_) {{ ...FileFields }}" for position in range(len(wanted))
    )
    variables = tuple((f"f{position}_", "String!", f"{reading.head}:{path}") for position, path in enumerate(wanted))
    return Wish(Part(*paths.full_name(reading.full_name), selection, variables), weight=len(wanted))


def _ask(
    name: str, readings: Sequence[_Reading], selection: Callable[[_Reading], str], tenant: str, lane: Lane
) -> list[tuple[_Reading, Got]] | Wait:
    """What GitHub answers of each repository; its error is noted where it has none."""
    asked = [reading for reading in readings if reading.error is None]
    wishes = [Wish(Part(*paths.full_name(reading.full_name), selection(reading))) for reading in asked]
    found = graphql_batches.ask(name, wishes, tenant=tenant, lane=lane)
    if isinstance(found, Wait):
        return found
    answered = []
    for reading, got in zip(asked, found, strict=True):
        if isinstance(got, Throttled):
            return got.wait
        reading.error = _error(got)
        if isinstance(got, Got) and reading.error is None:
            answered.append((reading, got))
    return answered


def _error(got: Got | UpstreamError) -> UpstreamError | None:
    """Why an answer cannot be used: a folder that could not be read must not look like one that is not there."""
    if isinstance(got, UpstreamError):
        return got
    return BadAnswer("; ".join(got.problems), 200) if got.problems else None
