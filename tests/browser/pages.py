"""Signing in to the admin, as a person does."""

import re

from tests.browser.chromium import Page
from tests.journeys.house import House


def sign_in(page: Page, house: House) -> None:
    """As the admin whose password the first start printed."""
    found = re.search(r"password: (\S+)", house.text)
    assert found
    page.open(f"{house.url}/admin/login/?next=/admin/")
    for field, text in (("id_username", "admin"), ("id_password", found[1])):
        page.ask(f"document.getElementById('{field}').focus()")
        page.type(text)
    with page.leaving():
        page.press("Enter", "\r")
    page.until("document.body.textContent.includes('Site administration')")
