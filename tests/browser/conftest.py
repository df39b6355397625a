"""A running house on the sandbox GitHub, and a browser to look at it. One of each for all tests here."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.chromium import Browser
from tests.journeys.house import House, running


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if chromium.program() is None:
        pytest.skip("chromium is not installed")
    options = "--repos 12 --automations 60 --seed 7"
    limits = {"RATELIMIT_REQUESTS": "100000", "RATELIMIT_AUTHENTICATED_REQUESTS": "100000"}
    with running(tmp_path_factory.mktemp("house"), options, **limits) as house:
        yield house


@pytest.fixture(scope="session")
def browser(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = chromium.program()
    assert program is not None
    with chromium.running(program, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, whose axe.min.js AXE_CORE names."""
    named = os.environ.get("AXE_CORE", "")
    if not Path(named).is_file():
        pytest.skip("AXE_CORE does not name axe-core's axe.min.js (npm install axe-core)")
    return Path(named).read_text()
