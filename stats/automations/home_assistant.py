"""A Home Assistant YAML file -> its automations, or why it could not be read. *Pure*.

Automations stand in a list (``automations.yaml``, ``!include_dir_merge_list``), alone in a file
(``!include_dir_list``), under ``automation:`` or ``automation xyz:`` in a configuration or a package, and as
blueprints. Both spellings are read: ``trigger``/``triggers``, ``platform``/``trigger`` inside,
``action``/``actions``, ``service``/``action`` inside. Source: home-assistant.io/docs/automation/yaml.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from stats.automations.bounded_yaml import Mapping, YamlProblem, read_document
from stats.automations.records import HOME_ASSISTANT, AutomationRecord, Reading, Unreadable, each_once

_NESTED_STEPS: Final = ("sequence", "choose", "default", "then", "else", "parallel", "repeat")
_BLUEPRINTS: Final = "blueprints/automation/"


def read_automations(path: str, content: str | bytes) -> Reading:
    """Every automation in the file at `path` (none is fine: most YAML holds none), or why it could not be read."""
    try:
        document = read_document(content)
    except YamlProblem as problem:
        return Unreadable(str(problem))
    if isinstance(document, Mapping) and isinstance(document.get("blueprint"), Mapping):
        return tuple(_blueprint(path, document, document["blueprint"]))
    return tuple(_record(path, automation) for automation in _automations(document))


def _automations(document: Any) -> Iterator[Mapping]:
    if isinstance(document, list) or _is_automation(document):
        yield from _those_in(document)
    elif isinstance(document, Mapping):
        yield from _declared_in(document)
        core = document.get("homeassistant")
        packages = core.get("packages") if isinstance(core, Mapping) else None
        for package in packages.values() if isinstance(packages, Mapping) else ():
            if isinstance(package, Mapping):
                yield from _declared_in(package)


def _declared_in(configuration: Mapping) -> Iterator[Mapping]:
    for key, value in configuration.items():
        if key == "automation" or key.startswith("automation "):
            yield from _those_in(value)


def _those_in(value: Any) -> Iterator[Mapping]:
    return (item for item in _items(value) if _is_automation(item))


def _is_automation(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    triggered = "triggers" in value or "trigger" in value
    return "use_blueprint" in value or (triggered and ("actions" in value or "action" in value))


def _record(path: str, automation: Mapping) -> AutomationRecord:
    used = automation.get("use_blueprint")
    blueprint = _text(used.get("path")) if isinstance(used, Mapping) else ""
    name = _text(automation.get("alias")) or _text(automation.get("id"))
    return AutomationRecord(
        kind=HOME_ASSISTANT,
        name=name or f"{PurePosixPath(path).stem}, line {automation.line}",
        path=path,
        line=automation.line,
        description=_text(automation.get("description")) or None,
        triggers=each_once(_triggers(automation)),
        actions=each_once(_actions(automation)),
        blueprints=(blueprint,) if blueprint else (),
        details=each_once(_entities(automation)),
    )


def _blueprint(path: str, document: Mapping, header: Mapping) -> Iterator[AutomationRecord]:
    if _text(header.get("domain")) not in ("automation", ""):
        return
    own_path = path.partition(_BLUEPRINTS)[2]
    yield AutomationRecord(
        kind=HOME_ASSISTANT,
        name=_text(header.get("name")) or PurePosixPath(path).stem,
        path=path,
        line=document.line,
        description=_text(header.get("description")) or None,
        triggers=each_once(_triggers(document)),
        actions=each_once(_actions(document)),
        blueprints=(own_path,) if own_path else (),
        details=each_once(_entities(document)),
    )


def _triggers(holder: Mapping) -> Iterator[str]:
    for key in ("triggers", "trigger"):
        for trigger in _items(holder.get(key)):
            if isinstance(trigger, Mapping):
                yield _text(trigger.get("platform"))
                if isinstance(trigger.get("trigger"), str):
                    yield _text(trigger["trigger"])
                if "triggers" in trigger:  # a list of triggers as one of the triggers
                    yield from _triggers(trigger)


def _actions(holder: Mapping) -> Iterator[str]:
    for key in ("actions", "action"):
        yield from _called_by(holder.get(key))


def _called_by(steps: Any) -> Iterator[str]:
    for step in _items(steps):
        if isinstance(step, list):
            yield from _called_by(step)
        if not isinstance(step, Mapping):
            continue
        for key in ("action", "service", "service_template"):
            yield _text(step.get(key))  # a template stands as it is written
        for key in _NESTED_STEPS:
            yield from _called_by(step.get(key))


def _entities(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _entities(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _entities(inner, key)
    elif key == "entity_id" and isinstance(value, str) and "{" not in value:
        yield from (entity.strip() for entity in value.split(","))


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
