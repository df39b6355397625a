"""The web page as people use it: with and without scripts, with a keyboard only, going back, and asked to clear."""

import pytest

from tests.browser.chromium import DESKTOP, PHONE, Browser, Page
from tests.browser.pages import sign_in
from tests.journeys.house import House

pytestmark = pytest.mark.xdist_group("browser")
TOTAL = "document.querySelector('#total').textContent"


def tab_to(page: Page, wanted: str) -> None:
    """Presses Tab until the element is in focus."""
    for _ in range(60):
        page.press("Tab")
        if page.ask(f"document.activeElement.matches({wanted!r})"):
            return
    raise AssertionError(f"{wanted} cannot be reached with the Tab key")


@pytest.mark.parametrize("path", ["/", "/status", "/docs", "/redoc"])
def test_a_page_loads_without_a_complaint(house: House, browser: Browser, path: str) -> None:
    with browser.page() as page:
        page.open(house.url + path)
        page.until("document.readyState === 'complete'")

        assert page.complaints() == []


def test_choosing_a_facet_swaps_the_results_and_keeps_the_focus(house: House, browser: Browser) -> None:
    with browser.page() as page:
        page.open(house.url + "/")
        before = page.ask(TOTAL)
        chosen = "#facet-trigger-push"
        page.ask(f"document.querySelector('{chosen}').focus()")
        page.press("Enter", "\r")
        page.until("location.search.includes('trigger=push')")
        page.until(f"document.querySelector('{chosen}.selected')")

        assert page.ask(TOTAL) != before
        assert page.ask("document.activeElement.id") == "facet-trigger-push"
        assert page.ask("document.querySelector('#told').textContent") == page.ask(TOTAL)


def test_a_search_after_a_facet_keeps_the_facet(house: House, browser: Browser) -> None:
    with browser.page() as page:
        page.open(house.url + "/")
        page.ask("document.querySelector('#facet-trigger-push').click()")
        page.until("document.querySelector('.chosen')")
        page.ask("document.querySelector('#q').focus()")
        page.type("deploy")
        page.press("Enter", "\r")
        page.until("location.search.includes('q=deploy')")

        assert "trigger=push" in page.ask("location.search")


def test_going_back_brings_the_whole_page(house: House, browser: Browser) -> None:
    with browser.page() as page:
        page.open(house.url + "/")
        before = page.ask(TOTAL)
        page.ask("document.querySelector('#facet-trigger-push').click()")
        page.until("document.querySelector('.chosen')")
        page.ask("sessionStorage.removeItem('htmx-history-cache'); history.back()")
        page.until("!document.querySelector('.chosen') && document.querySelector('#total')")

        assert page.ask(TOTAL) == before
        assert page.ask("document.querySelectorAll('form[role=search]').length") == 1


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_works_without_scripts(house: House, browser: Browser, size: tuple[int, int]) -> None:
    with browser.page(size, scripts=False) as page:
        page.open(house.url + "/")
        page.press("Tab")
        page.open(house.url + "/?q=deploy&trigger=push")
        html = page.html()

        assert "trigger: push" in html
        assert 'class="result"' in html
        assert "<meter" in page.open(house.url + "/status").html()


def test_a_keyboard_is_enough(house: House, browser: Browser) -> None:
    with browser.page() as page:
        page.open(house.url + "/")
        page.press("Tab")
        assert page.ask("document.activeElement.textContent") == "Skip to the content"
        tab_to(page, "#q")
        page.type("kind:repository")
        page.press("Enter", "\r")
        page.until("location.search.includes('q=kind')")
        tab_to(page, ".result .where a")
        with page.leaving():
            page.press("Enter", "\r")

        assert page.ask("location.pathname").startswith("/repositories/")
        assert page.ask("document.querySelector('h1').textContent") in page.ask("document.title")


def test_a_result_leads_to_the_line_at_github(house: House, browser: Browser) -> None:
    with browser.page() as page:
        page.open(house.url + "/?kind=github_actions")

        assert page.ask("document.querySelector('.result h3 a').href").endswith("#L1")


def test_the_status_page_renews_itself(house: House, browser: Browser) -> None:
    with browser.page() as page:
        page.open(house.url + "/status")
        page.ask("document.querySelector('#state').dataset.seen = 'yes'; 0")
        page.until("!document.querySelector('#state').dataset.seen")

        assert page.ask("document.querySelectorAll('#state').length") == 1


def test_an_operator_clears_the_cache(house: House, browser: Browser) -> None:
    house.get(f"/api/v3/repos/{house.json('/api/v1/search', kind='repository')['results'][0]['repository']}")
    with browser.page() as page:
        sign_in(page, house)
        page.open(f"{house.url}/admin/stats/cache/")
        with page.leaving():
            page.ask("document.querySelector('input[value^=Clear]').click()")
        assert "This clears" in page.ask("document.body.textContent")
        with page.leaving():
            page.ask("document.querySelector('input[value^=Yes]').click()")

        assert "entries deleted" in page.ask("document.querySelector('.messagelist').textContent")
