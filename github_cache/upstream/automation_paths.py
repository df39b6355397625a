"""Which files of a repository can hold automations (pure).

Workflows stand in `.github/workflows`. Home Assistant's automations stand in any YAML of its configuration folder,
which is known by `configuration.yaml`, `automations.yaml`, `automations/` or `blueprints/`, at the root of the
repository or in one of a few folders. Secrets are never read.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WORKFLOWS = ".github/workflows"
MOST_BYTES = 512_000
"""GraphQL gives no more of a text."""

MOST_FILES = 1000
"""Files of one repository that are read."""

_MARKS = frozenset({"configuration.yaml", "automations.yaml", "automations", "blueprints"})
MOST_DEPTH = 4
"""Folders below the configuration's own are looked into down to this level."""

NESTED = ("config", "homeassistant", "home-assistant", "hass")
"""Folders in which a configuration may stand."""

_READ_FIRST = frozenset({"configuration.yaml", "automations.yaml", "automations"})
_SKIPPED_FOLDERS = frozenset({"node_modules", "custom_components", "esphome", "venv", "www", "deps", "tts"})
_SECRETS = frozenset({"secrets.yaml", "secrets.yml"})
FOLDER = "tree"


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a folder; `size` in bytes, 0 for a folder."""

    path: str
    size: int = 0
    is_folder: bool = False


def is_yaml(path: str) -> bool:
    """Is this a YAML file that may be read?"""
    name = path.rpartition("/")[2].lower()
    return name.endswith((".yml", ".yaml")) and name not in _SECRETS


def roots(top: Iterable[Listed]) -> tuple[str, ...]:
    """The folders in which to look for Home Assistant's configuration: '' is the root of the repository."""
    names = {entry.path for entry in top}
    if names & _MARKS:
        return ("",)
    return tuple(name for name in NESTED if name in names)


def all_read(top: Iterable[Listed]) -> bool:
    """True where nothing but what is read at first sight can hold automations: no further YAML, no other folder."""
    return not any(
        (entry.is_folder or is_yaml(entry.path)) and entry.path not in _READ_FIRST and not _hidden(entry.path)
        for entry in top
    )


def wanted(listing: Iterable[Listed], root: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(paths to read, paths that are too large or too many) of what lies below `root` in a listing.

    A nested root counts only if its configuration really stands there.
    """
    prefix = f"{root}/" if root else ""
    files = [
        entry
        for entry in sorted(listing, key=lambda entry: entry.path)
        if entry.path.startswith(prefix)
        and not entry.is_folder
        and is_yaml(entry.path)
        and not _hidden(entry.path)
        and entry.path.removeprefix(prefix).count("/") < MOST_DEPTH
    ]
    if root and not any(entry.path == f"{root}/{mark}" for entry in files for mark in _MARKS):
        return (), ()
    readable = [entry.path for entry in files if entry.size <= MOST_BYTES]
    too_large = [entry.path for entry in files if entry.size > MOST_BYTES]
    return tuple(readable[:MOST_FILES]), tuple(too_large + readable[MOST_FILES:])


def below(tree: Mapping[str, Any] | None, folder: str) -> Iterator[Listed]:
    """Everything in a nested listing of GraphQL's, with full paths."""
    for entry in (tree or {}).get("entries") or ():
        path = f"{folder}/{entry['name']}" if folder else entry["name"]
        yield Listed(path, entry.get("size") or 0, entry["type"] == FOLDER)
        if entry["type"] == FOLDER and not _hidden(path):
            yield from below(entry.get("object"), path)


def workflows(listing: Iterable[Listed]) -> Iterator[Listed]:
    """The workflow files of a listing of the whole repository."""
    for entry in listing:
        folder, _, _ = entry.path.rpartition("/")
        if folder == WORKFLOWS and not entry.is_folder and is_yaml(entry.path):
            yield entry


def _hidden(path: str) -> bool:
    """Within a folder that holds other things: dependencies, other people's code, hidden state."""
    return any(part in _SKIPPED_FOLDERS or part.startswith(".") for part in path.split("/"))
