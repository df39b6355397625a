"""How a ``uses:`` reference is taken apart. *Pure*.

``owner/name[/path]@ref``, ``./local/path``, ``docker://image[:tag|@digest]``; source: GitHub Docs, "Workflow syntax",
``jobs.<job_id>.steps[*].uses``. A full-length commit SHA is the only immutable ref ("Secure use reference").
"""

import re
from typing import Final

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_DOCKER: Final = "docker://"


def without_version(reference: str) -> str:
    """`reference` without what says which version: ``actions/checkout@v4`` -> ``actions/checkout``."""
    if reference.startswith(_DOCKER):
        image = reference.partition("@")[0]
        head, slash, last = image.rpartition("/")
        return head + slash + last.partition(":")[0]
    return reference.partition("@")[0]


def is_outside(reference: str) -> bool:
    """Does `reference` lead out of its own repository?"""
    return not reference.startswith(("./", "../"))


def is_pinned(reference: str) -> bool:
    """Is `reference` bound to a commit (or an image digest), so that nobody can change what runs?"""
    ref = reference.rpartition("@")[2] if "@" in reference else ""
    if reference.startswith(_DOCKER):
        return ref.startswith("sha256:")
    return _COMMIT.fullmatch(ref) is not None
