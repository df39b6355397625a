"""The blocks of code in the docs run against a running house, or say why not. Options that are named exist."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from benchmarks.__main__ import names as benchmarks
from config.env import Env
from github_sandbox.__main__ import parser as sandbox_parser
from tests.docs.test_complete import PAGES, ROOT, TEXT
from tests.journeys.house import House, clean_environment, running

pytestmark = pytest.mark.xdist_group("house")
LANGUAGES = ("sh", "console", "python", "ini", "text")
_FENCE = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)
_REASON = re.compile(r"\(not run by the tests: .+\)")
# As in `manage.py warm [--org NAME] [--dry-run]`, or with values that other programs give.
_CALLS = re.compile(r"manage\.py (\w+)((?: +[\w\[\]:/.=…'-]+)*)")
_OPTION = re.compile(r"--[a-z][a-z-]*")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, why it is not run ('' where it is), and its text."""

    where: str
    language: str
    excuse: str
    text: str

    @property
    def script(self) -> str:
        """What is typed: all of it, or the lines after a prompt."""
        if self.language != "console":
            return self.text
        return "".join(line[2:] for line in self.text.splitlines(keepends=True) if line.startswith("$ "))


def blocks() -> list[Block]:
    found = []
    for page in PAGES:
        text = page.read_text()
        for match in _FENCE.finditer(text):
            language, _, excuse = match[2].partition(" ")
            line = text[: match.start()].count("\n") + 1
            dedented = re.sub(f"^{match[1]}", "", match[3], flags=re.MULTILINE)
            found.append(Block(f"{page.name}:{line}", language, excuse, dedented))
    return found


def of(*languages: str, excused: bool = False) -> list[Block]:
    return [block for block in blocks() if block.language in languages and bool(block.excuse) is excused]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the running house has its data."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def house(var: Path) -> Iterator[House]:
    with running(var, "--level 1 --repos 6 --automations 30") as started:
        yield started


@pytest.fixture
def folder(var: Path, tmp_path: Path) -> Path:
    """The sources as a newcomer has them, with the running house's data in `var`."""
    for path in ROOT.iterdir():
        if path.name != "var":
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "var").symlink_to(var)
    return tmp_path


def run(block: Block, house: House, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Runs it as it stands, but for the ports; an HTTP error is one."""
    script = block.script.replace("http://127.0.0.1:8000", house.url).replace("http://127.0.0.1:8001", house.github)
    (folder / "home").mkdir()
    (folder / "home/.curlrc").write_text("fail-with-body\nsilent\n")
    environ = {
        **clean_environment(),
        "HOME": str(folder / "home"),
        "HUBCACHE_KEY": house.key,
        "HUBCACHE_DATA_DIR": "var",
    }
    program = [sys.executable, "-c"] if block.language == "python" else ["bash", "-euo", "pipefail", "-c"]
    return subprocess.run(
        [*program, script], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.where)
def test_a_block_says_what_it_is_and_why_it_is_not_run(block: Block) -> None:
    assert block.language in LANGUAGES
    assert not block.excuse or _REASON.fullmatch(block.excuse)


@pytest.mark.parametrize("block", of("sh", "console", "python"), ids=lambda block: block.where)
def test_a_block_runs(block: Block, house: House, folder: Path) -> None:
    assert block.script
    done = run(block, house, folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_block_that_fails_is_noticed(house: House, folder: Path) -> None:
    assert run(Block("", "console", "", "$ curl http://127.0.0.1:8000/nowhere\n404"), house, folder).returncode


@pytest.mark.parametrize("block", of("ini"), ids=lambda block: block.where)
def test_a_file_of_settings_names_settings(block: Block) -> None:
    named = set(re.findall(r"^([A-Z_]+)=", block.text, re.MULTILINE))
    assert named
    # That one is read by docker-compose.prod.yml.
    assert named <= set(Env.model_fields) | {"POSTGRES_PASSWORD"}


def commands() -> list[tuple[str, str]]:
    """Each of our commands with each option that it is named with."""
    calls = [(match[1], option) for match in _CALLS.finditer(TEXT) for option in _OPTION.findall(match[2])]
    return sorted(set(calls))


@pytest.mark.parametrize(("command", "option"), commands())
def test_an_option_that_a_command_is_named_with_exists(command: str, option: str) -> None:
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    assert option in parser._option_string_actions


def test_options_of_the_sandbox_exist() -> None:
    named = {option for line in re.findall(r"github_sandbox ([^`\n]*)", TEXT) for option in _OPTION.findall(line)}
    assert len(named) >= 3
    assert named <= set(sandbox_parser()._option_string_actions)


def test_targets_of_make_and_benchmarks_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z]+)", TEXT)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert set(re.findall(r"python -m benchmarks ([a-z_]+)", TEXT)) <= set(benchmarks())
