"""Automation files: which files can hold automations, and what is in them. *Pure*.

Workflows stand directly in ``.github/workflows``; any other YAML may be Home Assistant's.
"""

from stats.automations.github_actions import read_workflow
from stats.automations.home_assistant import read_automations
from stats.automations.records import AutomationRecord, Reading, Unreadable

__all__ = ["AutomationRecord", "Reading", "Unreadable", "is_automation_file", "read_file"]

_WORKFLOWS = ".github/workflows/"


def is_automation_file(path: str) -> bool:
    """May the file at `path` (relative to the repository's root) hold automations?"""
    if not path.lower().endswith((".yml", ".yaml")):
        return False
    return "/" not in path.removeprefix(_WORKFLOWS) if path.startswith(".github/") else True


def read_file(path: str, content: str | bytes) -> Reading:
    """The automations in one file, or why it could not be read; never raises, whatever `content` is."""
    if path.startswith(_WORKFLOWS):
        return read_workflow(path, content)
    return read_automations(path, content)
