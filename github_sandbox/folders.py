"""Organisations out of real files: a folder becomes a repository, as it stands but for one thing.

A YAML file with `on` and `jobs` at its top level is a GitHub Actions workflow; one that stands elsewhere is served
under `.github/workflows/`. That is judged by its lines, not by parsing, since some workflow files do not parse.
"""

import random
import re
from collections.abc import Iterable
from pathlib import Path

from github_sandbox import changes
from github_sandbox.clock import Clock
from github_sandbox.entities import Account, File, Repository
from github_sandbox.languages import language_of
from github_sandbox.recorded import Recorded
from github_sandbox.sample.organization import sample_accounts
from github_sandbox.sample.threads import add_issues
from github_sandbox.world import WORKFLOW_PATH, World

WORKFLOWS = ".github/workflows"
_ON = re.compile(rb"""^(?:on|"on"|'on'|true)[ \t]*:""", re.MULTILINE)
_JOBS = re.compile(rb"^jobs[ \t]*:", re.MULTILINE)
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_SKIPPED = {".git", "__pycache__", "node_modules"}
_LICENCE_MARKS = (
    ("mit", "MIT License"),
    ("mit", "Permission is hereby granted, free of charge"),
    ("apache-2.0", "Apache License"),
    ("gpl-3.0", "GNU GENERAL PUBLIC LICENSE"),
)


class FolderProblem(Exception):
    """A folder that cannot be served; the message says which and why."""


def repository_folders(parents: Iterable[Path], singles: Iterable[Path]) -> list[Path]:
    """Every sub-folder (hidden ones too) of *parents*, and *singles*. Raises FolderProblem."""
    found: list[Path] = []
    for parent in parents:
        _must_be_folder(parent)
        found += sorted(child for child in parent.iterdir() if child.is_dir() and child.name not in _SKIPPED)
    for single in singles:
        _must_be_folder(single)
        found.append(single.resolve())
    names = [_repository_name(folder).lower() for folder in found]
    for name, folder in zip(names, found, strict=True):
        if names.count(name) > 1:
            raise FolderProblem(f"two folders would both be the repository {name!r}, one of them {folder}")
    return found


def read_files(folder: Path) -> dict[str, File]:
    """Path in the repository -> file, workflows where GitHub looks for them. Raises FolderProblem."""
    files: dict[str, File] = {}
    strays: list[tuple[str, File]] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if not path.is_file() or _SKIPPED & set(inside.parts):
            continue
        try:
            file = File(path.read_bytes())
        except OSError as error:
            raise FolderProblem(f"cannot read {path}: {error.strerror}") from None
        where = inside.as_posix()
        if is_workflow(where, file.data) and not WORKFLOW_PATH.fullmatch(where):
            strays.append((where, file))
        else:
            files[where] = file
    for where, file in strays:
        files[_free_path(where, files)] = file
    return files


def is_workflow(path: str, data: bytes) -> bool:
    return path.endswith((".yml", ".yaml")) and bool(_ON.search(data) and _JOBS.search(data))


def world_of(
    folders: Iterable[Path], organization: str, issues: int, seed: int, recorded: Recorded | None = None
) -> World:
    """A world whose *organization* has a repository for each of *folders*.

    Issues and labels are those of *recorded* payloads, or else *issues* made-up ones each.
    """
    world = World(Clock())
    org = sample_accounts(world, organization)
    people = [account for account in world.accounts.values() if account.kind == "User"]
    for index, folder in enumerate(folders):
        made = _repository(world, org, people[0], folder, index)
        if recorded is not None:
            recorded.add_to(world, made)
        else:
            add_issues(world, made, random.Random(f"{seed}:{index}"), people, issues, world.clock.now())
    return world


def _repository(world: World, org: Account, author: Account, folder: Path, index: int) -> Repository:
    files = read_files(folder)
    now = world.clock.now()
    made = Repository(800_000_001 + index * 13, _repository_name(folder), org)
    made.created_at = made.updated_at = made.pushed_at = now - 3600
    made.size = sum(file.size for file in files.values()) // 1024
    made.license = _licence(files)
    for path, file in files.items():
        if language := language_of(path):
            made.languages[language] = made.languages.get(language, 0) + file.size
    for label, colour, description in changes.DEFAULT_LABELS:
        changes.new_label(world, made, label, colour, description, default=True)
    if files:
        made.branches["main"] = changes.new_commit(made, author, "Import", made.pushed_at, files, None)
    return world.add_repository(made)


def _repository_name(folder: Path) -> str:
    return _UNFIT.sub("-", folder.name) or "root"


def _free_path(where: str, files: dict[str, File]) -> str:
    """A path under `.github/workflows/` that is not taken: the bare name, or its folders before it."""
    parts = where.split("/")
    for count in range(1, len(parts) + 1):
        path = f"{WORKFLOWS}/{'-'.join(parts[-count:])}"
        if path not in files:
            return path
    return f"{WORKFLOWS}/{len(files)}-{parts[-1]}"


def _licence(files: dict[str, File]) -> str | None:
    for name in ("LICENSE", "LICENSE.md", "LICENSE.txt"):
        if name in files:
            text = files[name].data[:2000].decode("utf-8", "replace")
            return next((key for key, mark in _LICENCE_MARKS if mark in text), "other")
    return None


def _must_be_folder(path: Path) -> None:
    if not path.exists():
        raise FolderProblem(f"there is no folder {path}")
    if not path.is_dir():
        raise FolderProblem(f"{path} is no folder")
