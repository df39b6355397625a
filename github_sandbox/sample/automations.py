"""*pure*. Sample automation files as text: GitHub Actions workflows and Home Assistant automations.

Both spellings that occur in the field are made: `on` as a word, a list or a map; `trigger:`/`platform:`/`service:`
of old and `triggers:`/`trigger:`/`action:` of new Home Assistant files.
"""

import random

from github_sandbox.sample.words import (
    ACTIONS,
    ADJECTIVES,
    AREAS,
    BLUEPRINTS,
    NOUNS,
    PLATFORMS,
    REUSABLE_WORKFLOWS,
    SERVICES,
    WORKFLOW_EVENTS,
    several,
    skewed,
)

_TASKS = ("Build", "Test", "Lint", "Deploy", "Release", "Scan", "Publish", "Label", "Nightly", "Benchmark")
_PLATFORM_LINES = {
    "time": ['at: "{hour:02d}:30:00"'],
    "time_pattern": ['minutes: "/{minute}"'],
    "sun": ["event: sunset"],
    "numeric_state": ["entity_id: sensor.{area}_temperature", "above: {minute}"],
    "state": ["entity_id: binary_sensor.{area}_motion", 'to: "on"'],
    "template": ["value_template: \"{{{{ is_state('light.{area}', 'on') }}}}\""],
    "mqtt": ["topic: home/{area}/button"],
    "zone": ["entity_id: person.{area}", "zone: zone.home", "event: enter"],
    "homeassistant": ["event: start"],
    "webhook": ["webhook_id: {area}-hook"],
    "event": ["event_type: {area}_pressed"],
    "tag": ["tag_id: {area}-tag"],
    "calendar": ["entity_id: calendar.{area}", "event: start"],
    "conversation": ["command: turn on the {area}"],
    "device": ["device_id: {minute:08x}", "domain: button", "type: pressed"],
}


def workflow(seed: str, service: str) -> bytes:
    """One GitHub Actions workflow for the service *service*."""
    dice = random.Random(seed)
    name = f"{skewed(dice, _TASKS, 1.5)} {service}"
    lines = [f"name: {name}", *_on(dice), "permissions:", "  contents: read", "jobs:"]
    for number in range(1 + int(3 * dice.random() ** 3)):
        job = ("build", "test", "deploy")[number]
        if dice.random() < 0.12:
            lines += [f"  {job}:", f"    uses: {skewed(dice, REUSABLE_WORKFLOWS)}", "    secrets: inherit"]
        else:
            lines += _job(dice, job)
    return ("\n".join(lines) + "\n").encode()


def home_assistant(seed: str, count: int) -> bytes:
    """A file of *count* Home Assistant automations, all in the old or all in the new spelling."""
    dice = random.Random(seed)
    made = _new_automation if dice.random() < 0.6 else _old_automation
    lines: list[str] = []
    for number in range(count):
        lines += made(dice, f"{dice.randrange(10**9):09d}{number:04d}")
    return ("\n".join(lines) + "\n").encode()


def _on(dice: random.Random) -> list[str]:
    events = several(dice, WORKFLOW_EVENTS, 4, 2.5)
    form = dice.random()
    if "schedule" not in events and form < 0.2:
        return [f"on: {events[0]}"]
    if "schedule" not in events and form < 0.45:
        return [f"on: [{', '.join(events)}]"]
    lines = ["on:"]
    for event in events:
        lines.append(f"  {event}:")
        if event == "schedule":
            lines.append(f"    - cron: '{dice.randrange(60)} {dice.randrange(24)} * * {dice.choice('*12345')}'")
        elif event in ("push", "pull_request"):
            lines.append("    branches: [main]")
    return lines


def _job(dice: random.Random, job: str) -> list[str]:
    lines = [f"  {job}:", "    runs-on: ubuntu-latest", "    steps:", f"      - uses: {ACTIONS[0]}"]
    for action in several(dice, ACTIONS[1:], 5):
        lines += [f"      - name: Use {action.partition('/')[2].partition('@')[0]}", f"        uses: {action}"]
    return [*lines, f"      - run: make {skewed(dice, ('test', 'build', 'lint', 'check', 'release'))}"]


def _new_automation(dice: random.Random, automation_id: str) -> list[str]:
    area = dice.choice(AREAS)
    lines = _head(dice, automation_id, area)
    if dice.random() < 0.15:
        return lines + _blueprint(dice, area)
    lines.append("  triggers:")
    for platform in several(dice, PLATFORMS, 3):
        lines += [f"    - trigger: {platform}", *_details(dice, platform, area)]
    lines.append("  actions:")
    for service in several(dice, SERVICES, 4):
        lines += [f"    - action: {service}", "      target:", f"        entity_id: {service.split('.')[0]}.{area}"]
    return [*lines, "  mode: single"]


def _old_automation(dice: random.Random, automation_id: str) -> list[str]:
    area = dice.choice(AREAS)
    lines = _head(dice, automation_id, area)
    if dice.random() < 0.15:
        return lines + _blueprint(dice, area)
    lines.append("  trigger:")
    for platform in several(dice, PLATFORMS, 3):
        lines += [f"    - platform: {platform}", *_details(dice, platform, area)]
    lines.append("  action:")
    for service in several(dice, SERVICES, 4):
        lines += [f"    - service: {service}", f"      entity_id: {service.split('.')[0]}.{area}"]
    return lines


def _head(dice: random.Random, automation_id: str, area: str) -> list[str]:
    alias = f"{skewed(dice, ADJECTIVES, 1.5).capitalize()} {area.replace('_', ' ')} {skewed(dice, NOUNS, 1.5)}"
    lines = [f'- id: "{automation_id}"', f"  alias: {alias}"]
    if dice.random() < 0.4:
        lines.append(f"  description: Keeps the {area.replace('_', ' ')} comfortable")
    return lines


def _blueprint(dice: random.Random, area: str) -> list[str]:
    path = skewed(dice, BLUEPRINTS, 2)
    return ["  use_blueprint:", f"    path: {path}", "    input:", f"      target_light: light.{area}"]


def _details(dice: random.Random, platform: str, area: str) -> list[str]:
    values = {"area": area, "hour": dice.randrange(24), "minute": dice.randrange(1, 60)}
    return [f"      {line.format(**values)}" for line in _PLATFORM_LINES[platform]]
