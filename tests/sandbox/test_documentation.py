"""docs/sandbox.md names every option, control path, fault and limit that there is, and no default that is not."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from github_sandbox.__main__ import parser
from github_sandbox.control import control_paths
from github_sandbox.faults import Kind
from github_sandbox.limits import Limits

TEXT = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


OPTIONS = re.findall(r"--[a-z][a-z-]+", parser().format_usage())


@pytest.mark.parametrize("name", [*OPTIONS, *control_paths(), *Kind, *(f.name for f in fields(Limits))])
def test_it_is_documented(name: str) -> None:
    assert f"`{name}" in TEXT or f" {name}`" in TEXT


def test_the_defaults_of_the_limits_are_right() -> None:
    rows = [line.split("|")[1:3] for line in TEXT.partition("### Limits")[2].splitlines() if line.startswith("| `")]
    documented = {
        name.strip(" `"): int(default)
        for names, defaults in rows
        for name, default in zip(names.split(","), defaults.split(","), strict=True)
    }
    assert documented == {f.name: f.default for f in fields(Limits)}
