"""What a file says about the automations in it. *Pure*.

One shape serves both kinds, so that "which automations run on a schedule and use that action" is one
question; what only workflows have (runners, permissions, pins) is empty for Home Assistant.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

GITHUB_ACTIONS: Final = "github_actions"
HOME_ASSISTANT: Final = "home_assistant"


@dataclass(frozen=True, slots=True)
class AutomationRecord:
    """One automation, as its file describes it.

    Attributes:
        kind: ``github_actions`` or ``home_assistant``.
        name: What people call it; never empty.
        path: The file, relative to the repository's root.
        line: Where it begins in the file, from 1.
        triggers: ``on:`` events, or trigger platforms; each once, in order of appearance.
        actions: References as written (``actions/checkout@v4``), or services called (``light.turn_on``).
        blueprints: Reusable workflows called, or blueprint paths used.
        pinned: Every outside reference is bound to a commit or digest; None where there is no such reference.
        details: Names of jobs and steps, or entities: searched, never counted.
    """

    kind: str
    name: str
    path: str
    line: int
    description: str | None = None
    triggers: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    blueprints: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    pinned: bool | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why nothing could be read from a file: one sentence, with the line where there is one."""

    reason: str


Reading = tuple[AutomationRecord, ...] | Unreadable


def each_once(values: Iterable[str]) -> tuple[str, ...]:
    """Drop empty values and repetitions; the first appearance keeps its place."""
    return tuple(dict.fromkeys(value for value in values if value))
