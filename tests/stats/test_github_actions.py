"""Workflow files, made up and real, against what GitHub's documentation says they mean."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from stats.automations import AutomationRecord, Unreadable, read_file

PATH = ".github/workflows/ci.yml"


def read(text: str) -> AutomationRecord:
    reading = read_file(PATH, text)
    assert isinstance(reading, tuple), reading
    return reading[0]


def job(rest: str = "", on: str = "push") -> str:
    return f"on: {on}\njobs:\n  build:\n    runs-on: ubuntu-latest\n{rest}"


@pytest.mark.parametrize(
    ("on", "triggers"),
    [
        ("push", ("push",)),
        ("[push, pull_request]", ("push", "pull_request")),
        ("{push: {branches: [main]}, workflow_dispatch: }", ("push", "workflow_dispatch")),
        ("\n  schedule:\n    - cron: '0 4 * * *'\n  push:", ("schedule", "push")),
    ],
)
def test_events_as_a_word_a_list_and_a_mapping(on, triggers):
    assert read(job(on=on)).triggers == triggers


@pytest.mark.parametrize("key", ["on", '"on"', "'on'", "true"])
def test_the_key_on_however_it_is_written(key):
    assert read(job().replace("on: push", f"{key}: push")).triggers == ("push",)


def test_what_a_workflow_uses():
    record = read(
        job(
            """\
    steps:
      - uses: actions/checkout@v4
      - uses: owner/name/sub/path@0123456789012345678901234567890123456789
      - uses: actions/checkout@v4
      - uses: docker://alpine:3.8
      - uses: ./.github/actions/mine
  call:
    uses: octo/shared/.github/workflows/release.yml@v1
"""
        )
    )
    assert record.actions == (
        "actions/checkout@v4",
        "owner/name/sub/path@0123456789012345678901234567890123456789",
        "docker://alpine:3.8",
        "./.github/actions/mine",
    )
    assert record.blueprints == ("octo/shared/.github/workflows/release.yml@v1",)


@pytest.mark.parametrize(
    ("references", "pinned"),
    [
        (["actions/checkout@v4"], False),
        (["actions/checkout@" + "a" * 40], True),
        (["actions/checkout@" + "a" * 39], False),
        (["actions/checkout@" + "A" * 40, "docker://alpine@sha256:" + "0" * 64], True),
        (["actions/checkout@" + "a" * 40, "docker://alpine:3"], False),
        (["./local"], None),
        ([], None),
    ],
)
def test_pinned_means_every_outside_reference(references, pinned):
    steps = "".join(f"      - uses: {reference}\n" for reference in references)
    assert read(job(f"    steps:\n{steps}" if steps else "")).pinned is pinned


def test_runners_from_words_lists_groups_and_the_matrix():
    record = read(
        """\
on: push
jobs:
  a: {runs-on: ubuntu-latest}
  b: {runs-on: [self-hosted, linux]}
  c: {runs-on: {group: big, labels: [gpu]}}
  d:
    runs-on: ${{ matrix.os }}
    strategy: {matrix: {os: [windows-latest, ubuntu-latest], include: [{os: macos-14}]}}
  e: {runs-on: "${{ inputs.runner }}"}
"""
    )
    assert record.runners == (
        "ubuntu-latest",
        "self-hosted",
        "linux",
        "group:big",
        "gpu",
        "windows-latest",
        "macos-14",
        "${{ inputs.runner }}",
    )


def test_permissions_schedules_and_secrets():
    record = read(
        """\
on:
  schedule: [{cron: "0 4 * * *"}, {cron: "0 5 * * *"}]
permissions: {contents: read}
env: {TOKEN: "${{ secrets.GITHUB_TOKEN }}"}
jobs:
  a:
    runs-on: x
    permissions: write-all
    if: secrets.DEPLOY_KEY != ''
    steps:
      - run: cat secrets.yaml && echo ${{ secrets['OTHER'] }}
"""
    )
    assert record.schedules == ("0 4 * * *", "0 5 * * *")
    assert record.permissions == ("contents:read", "write-all")
    assert record.secrets == ("GITHUB_TOKEN", "DEPLOY_KEY", "OTHER")


def test_a_workflow_without_a_name_has_its_path():
    assert read(job()).name == PATH


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a\n- b", "a list"),
        ("", "empty"),
        ("just words", "a single value"),
        ("jobs: {a: {runs-on: x}}", "`on:`"),
        ("on: {}\njobs: {a: {runs-on: x}}", "`on:`"),
        ("on: push", "`jobs:`"),
        ("on: push\njobs: [a]", "`jobs:`"),
        ("on: push\n jobs: {", "line 2"),
    ],
)
def test_what_is_no_workflow_says_why(text, reason):
    reading = read_file(PATH, text)
    assert isinstance(reading, Unreadable)
    assert reason in reading.reason


@pytest.mark.parametrize(
    "junk",
    ["jobs: {a: [], b: x, c: {steps: {a: b}, runs-on: {labels: {}}}}", "jobs: {a: {steps: [x, [y], {uses: [z]}]}}"],
)
def test_odd_shapes_inside_are_passed_over(junk):
    record = read(f"on: push\n{junk}")
    assert record.actions == ()


class _Plain(yaml.SafeLoader):
    """The slow, official reader, with unknown tags passed over: what ours is held against."""


_Plain.add_multi_constructor("!", lambda loader, suffix, node: None)


def test_real_files_read_as_the_official_reader_does(test_data: Path):
    files = sorted((test_data / "workflows").rglob("*.yml"))
    assert len(files) > 100
    unreadable, ours, theirs = [], Counter(), Counter()
    for file in files:
        reading = read_file(f".github/workflows/{file.name}", file.read_bytes())
        try:
            document = yaml.load(file.read_text(), _Plain)
        except yaml.YAMLError:
            assert isinstance(reading, Unreadable)
            assert "line" in reading.reason
            unreadable.append(file.name)
            continue
        if "jobs" not in document:  # configuration of an App
            assert isinstance(reading, Unreadable)
            continue
        (record,) = reading
        ours.update(("on", trigger) for trigger in record.triggers)
        ours.update(("uses", action) for action in record.actions)
        ours.update(("calls", blueprint) for blueprint in record.blueprints)
        on = document[True]
        theirs.update(("on", event) for event in ({on} if isinstance(on, str) else set(on)))
        jobs = document["jobs"].values()
        theirs.update(("uses", use) for use in {s["uses"] for j in jobs for s in j.get("steps", ()) if "uses" in s})
        theirs.update(("calls", use) for use in {j["uses"] for j in jobs if "uses" in j})
    assert sorted(unreadable) == ["nowsecure-mobile-sbom.yml", "nowsecure.yml"]
    assert ours == theirs
