"""A GitHub Actions workflow file -> its record, or why it could not be read. *Pure*.

A workflow's triggers are its ``on:`` events, its actions the ``uses:`` of its steps, its blueprints the reusable
workflows its jobs call. Source: GitHub Docs, "Workflow syntax for GitHub Actions".
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from stats.automations.bounded_yaml import Mapping, YamlProblem, read_document
from stats.automations.records import GITHUB_ACTIONS, AutomationRecord, Reading, Unreadable, each_once
from stats.automations.references import is_outside, is_pinned

_EXPRESSION: Final = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_SECRET: Final = re.compile(r"""\bsecrets(?:\.([A-Za-z_]\w*)|\[\s*['"]([A-Za-z_]\w*)['"]\s*\])""")
_MATRIX_VALUE: Final = re.compile(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")


def read_workflow(path: str, content: str | bytes) -> Reading:
    """One record for the workflow at `path`, or the reason why there is none."""
    try:
        document = read_document(content)
    except YamlProblem as problem:
        return Unreadable(str(problem))
    if not isinstance(document, Mapping):
        return Unreadable(f"a workflow is a mapping, this file is {_described(document)}")
    events = _events(document)
    if events is None:
        return Unreadable("it says no event under `on:`")
    jobs = document.get("jobs")
    if not isinstance(jobs, Mapping) or not jobs:
        return Unreadable("it has no mapping of jobs under `jobs:`")

    all_jobs = [job for job in jobs.values() if isinstance(job, Mapping)]
    steps = [step for job in all_jobs for step in _items(job.get("steps")) if isinstance(step, Mapping)]
    actions = each_once(_text(step.get("uses")) for step in steps)
    blueprints = each_once(_text(job.get("uses")) for job in all_jobs)
    outside = [reference for reference in actions + blueprints if is_outside(reference)]
    return (
        AutomationRecord(
            kind=GITHUB_ACTIONS,
            name=_text(document.get("name")) or path,
            path=path,
            line=1,
            triggers=events,
            actions=actions,
            blueprints=blueprints,
            permissions=each_once(p for holder in [document, *all_jobs] for p in _permissions(holder)),
            runners=each_once(runner for job in all_jobs for runner in _runners(job)),
            schedules=_schedules(document),
            secrets=each_once(_secrets(document)),
            pinned=all(map(is_pinned, outside)) if outside else None,
            details=each_once([*jobs, *(_text(holder.get("name")) for holder in [*all_jobs, *steps])]),
        ),
    )


def _on(document: Mapping) -> Any:
    # Tools that rewrote the file with a YAML 1.1 library left `true:` where `on:` stood.
    return document["on"] if "on" in document else document.get("true")


def _events(document: Mapping) -> tuple[str, ...] | None:
    on = _on(document)
    events = each_once(_text(event) for event in (on if isinstance(on, Mapping) else _items(on)))
    return events or None


def _schedules(document: Mapping) -> tuple[str, ...]:
    on = _on(document)
    entries = _items(on.get("schedule")) if isinstance(on, Mapping) else []
    return each_once(_text(entry.get("cron")) for entry in entries if isinstance(entry, Mapping))


def _permissions(holder: Mapping) -> Iterator[str]:
    permissions = holder.get("permissions")
    if isinstance(permissions, Mapping):
        for scope, access in permissions.items():
            yield f"{scope}:{_text(access) or 'none'}"
    else:
        yield _text(permissions)


def _runners(job: Mapping) -> Iterator[str]:
    runs_on = job.get("runs-on")
    if isinstance(runs_on, Mapping):
        if group := _text(runs_on.get("group")):
            yield f"group:{group}"
        runs_on = runs_on.get("labels")
    for label in _items(runs_on):
        yield from _resolved(_text(label), job)


def _resolved(label: str, job: Mapping) -> Iterator[str]:
    """The labels that a runner taken from the matrix stands for; any other expression as it is written."""
    match = _MATRIX_VALUE.fullmatch(label)
    strategy = job.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, Mapping) else None
    if not match or not isinstance(matrix, Mapping):
        yield label
        return
    name = match[1]
    included = [entry.get(name) for entry in _items(matrix.get("include")) if isinstance(entry, Mapping)]
    labels = each_once(_text(value) for value in [*_items(matrix.get(name)), *included])
    yield from labels or (label,)


def _secrets(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secrets(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner, key)
    elif isinstance(value, str) and "secrets" in value:
        # `if:` is an expression with or without the braces
        for expression in [value] if key == "if" else _EXPRESSION.findall(value):
            for dotted, bracketed in _SECRET.findall(expression):
                yield dotted or bracketed


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _described(document: Any) -> str:
    if document is None:
        return "empty"
    return "a list" if isinstance(document, list) else "a single value"
