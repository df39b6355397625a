"""Home Assistant files, made up and real: both spellings, every place where automations stand."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from stats.automations import AutomationRecord, read_file


def read(text: str, path: str = "automations.yaml") -> tuple[AutomationRecord, ...]:
    reading = read_file(path, text)
    assert isinstance(reading, tuple), reading
    return reading


OLD = """\
- alias: Old
  trigger: {platform: sun, event: sunset}
  action:
    - service: light.turn_on
      entity_id: light.porch
"""
NEW = """\
- alias: New
  description: Says it
  triggers: [{trigger: sun, event: sunset}]
  actions: {action: light.turn_on, target: {entity_id: light.porch}}
"""


@pytest.mark.parametrize("text", [OLD, NEW, OLD + NEW])
def test_old_and_new_spellings_mean_the_same(text):
    for record in read(text):
        assert record.triggers == ("sun",)
        assert record.actions == ("light.turn_on",)
        assert record.details == ("light.porch",)
        assert record.kind == "home_assistant"


def test_line_name_and_description():
    old, new = read(OLD + NEW)
    assert (old.name, old.line, old.description) == ("Old", 1, None)
    assert (new.name, new.line, new.description) == ("New", 6, "Says it")


@pytest.mark.parametrize(
    "text",
    [
        f"automation:\n{OLD}",
        f"automation manual:\n{OLD}",
        "automation: {alias: Old, trigger: {platform: sun}, action: {service: light.turn_on}}",
        "alias: Old\ntrigger: {platform: sun}\naction: {service: light.turn_on}",
        "homeassistant:\n  packages:\n    porch:\n      automation:\n"
        "        - {alias: Old, trigger: {platform: sun}, action: {service: light.turn_on}}",
    ],
    ids=["under automation", "under a labelled key", "a single one", "alone in a file", "inline package"],
)
def test_places_where_automations_stand(text):
    (record,) = read(text, "packages/porch.yaml")
    assert (record.name, record.triggers, record.actions) == ("Old", ("sun",), ("light.turn_on",))


def test_services_called_deep_inside():
    (record,) = read(
        """\
- alias: Deep
  triggers: [{trigger: state}]
  actions:
    - choose:
        - conditions: []
          sequence: [{action: a.one, data: {actions: [{action: NOT_A_SERVICE}]}}]
      default: [{service: a.two}]
    - if: []
      then: {action: a.three}
      else: [{action: a.four}]
    - repeat: {count: 2, sequence: [{action: a.five}]}
    - parallel: [{sequence: [{action: a.six}]}, {action: a.seven}]
    - action: light.turn_{{ state }}
    - delay: 1
"""
    )
    expected = ("a.one", "a.two", "a.three", "a.four", "a.five", "a.six", "a.seven", "light.turn_{{ state }}")
    assert sorted(record.actions) == sorted(expected)


def test_tags_are_kept_apart_from_what_they_hide():
    assert read("automation: !include automations.yaml\nsecret: !secret x") == ()
    (record,) = read("- alias: !input name\n  trigger: !input triggers\n  action: [!input more, {service: a.b}]\n")
    assert record.name == "automations, line 1"
    assert (record.triggers, record.actions) == ((), ("a.b",))


def test_an_automation_made_from_a_blueprint():
    (record,) = read("- id: '17'\n  use_blueprint: {path: homeassistant/motion_light.yaml, input: {a: b}}")
    assert (record.name, record.blueprints) == ("17", ("homeassistant/motion_light.yaml",))


def test_a_blueprint_itself():
    text = (
        "blueprint: {name: Motion, domain: automation, description: Lights}\n"
        "trigger: {platform: state}\naction: [{service: light.turn_on}]"
    )
    (record,) = read(text, "blueprints/automation/acme/motion.yaml")
    assert (record.name, record.description, record.blueprints) == ("Motion", "Lights", ("acme/motion.yaml",))
    assert (record.triggers, record.actions) == (("state",), ("light.turn_on",))
    assert read(text.replace("domain: automation", "domain: script")) == ()


@pytest.mark.parametrize("text", ["", "[]", "a: b", "- a\n- {b: c}", "services: {web: {image: x}}", "42"])
def test_other_yaml_holds_no_automations(text):
    assert read(text, "docker-compose.yml") == ()


class _Plain(yaml.SafeLoader):
    """The slow, official reader, with unknown tags passed over."""


_Plain.add_multi_constructor("!", lambda loader, suffix, node: None)


def test_every_real_file_is_read_and_counts_as_the_official_reader_does(test_data: Path):
    folder = test_data / "home-assistant"
    ours, theirs = Counter(), Counter()
    for file in sorted(folder.rglob("*.yaml")):
        path = file.relative_to(folder).as_posix()
        for record in read(file.read_text(), path):
            assert file.read_text().splitlines()[record.line - 1].startswith("- ")
            ours.update(record.triggers)
            ours["automations"] += 1
        document = yaml.load(file.read_text(), _Plain)
        for item in document if path.startswith("automations/") else ():
            triggers = item["triggers"] if isinstance(item["triggers"], list) else [item["triggers"]]
            theirs.update({trigger["trigger"] for trigger in triggers})
            theirs["automations"] += 1
    assert ours == theirs
    assert ours["automations"] > 100
