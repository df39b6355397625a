"""axe-core finds nothing serious on any page: light and dark, at a desk and on a phone."""

import json
from typing import Any

import pytest

from tests.browser.chromium import DESKTOP, PHONE, Browser, Page
from tests.browser.pages import sign_in
from tests.journeys.house import House

pytestmark = pytest.mark.xdist_group("browser")
SERIOUS = ("serious", "critical")
PAGES = (
    "/",
    "/?q=deploy&trigger=push",
    "/?q=zzzzzz",
    "/?q=%22open",
    "/status",
    "/repositories/{repository}",
    "/nowhere",
)
ADMIN = ("/admin/stats/cache/", "/admin/stats/cache/clear?tenant=default&what=everything", "/admin/stats/githublimit/")

WIDTH = "document.documentElement.scrollWidth"
"""Compared with the screen's own: a phone shows what is too wide in small, and then the window is as wide as that."""


def faults(page: Page, axe: str, within: str = "document") -> list[Any]:
    page.ask(axe + ";0")
    found = json.loads(page.ask(f"axe.run({within}).then(result => JSON.stringify(result.violations))"))
    return [
        (fault["id"], fault["help"], [node["html"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in SERIOUS
    ]


@pytest.fixture(scope="module")
def repository(house: House) -> str:
    return house.json("/api/v1/search", kind="repository", per_page=1)["results"][0]["repository"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_serious_fault(
    house: House, browser: Browser, axe: str, repository: str, path: str, size: tuple[int, int], scheme: str
) -> None:
    with browser.page(size, scheme=scheme) as page:
        page.open(house.url + path.format(repository=repository))

        assert faults(page, axe) == []
        assert page.ask(WIDTH) <= size[0], "the page is wider than the screen"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_our_pages_of_the_admin_have_no_serious_fault(
    house: House, browser: Browser, axe: str, size: tuple[int, int], scheme: str
) -> None:
    with browser.page(size, scheme=scheme) as page:
        sign_in(page, house)
        for path in ADMIN:
            page.open(house.url + path)
            # What surrounds them is Django's own.
            assert (path, faults(page, axe, "'#content'")) == (path, [])
            assert page.ask(WIDTH) <= size[0], path
