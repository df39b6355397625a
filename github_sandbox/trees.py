"""Files and the commits that hold them. A commit keeps its whole tree, so every ref can be read as it was."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from github_sandbox.entities import Account


class File:
    """A file's bytes, made when they are first asked for; `sha` is git's blob SHA."""

    __slots__ = ("_data", "_make", "_sha")

    def __init__(self, data: bytes | Callable[[], bytes]) -> None:
        self._data: bytes | None = data if isinstance(data, bytes) else None
        self._make: Callable[[], bytes] | None = None if isinstance(data, bytes) else data
        self._sha: str | None = None

    @property
    def data(self) -> bytes:
        if self._data is None and self._make is not None:
            self._data = self._make()
        return self._data or b""

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def sha(self) -> str:
        if self._sha is None:
            self._sha = hashlib.sha1(b"blob %d\0" % self.size + self.data, usedforsecurity=False).hexdigest()
        return self._sha


@dataclass(slots=True, eq=False)
class Commit:
    """A state of the files, and how it differs from its parent."""

    sha: str
    message: str
    author: "Account"
    date: float
    files: dict[str, File]
    """Path (no leading slash) -> File. Never changed once the commit is made."""
    parent: "Commit | None" = None
    added: list[str] = field(default_factory=list)
    modified: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Commit":
        return self
