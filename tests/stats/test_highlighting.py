"""Marks in results: at the right words, and nothing but marks is HTML."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.filters import Term
from stats.highlighting import LONGEST, highlight


def mark(text: str, *terms: Term) -> str | None:
    return highlight({"name": text}, terms).get("name")


@pytest.mark.parametrize(
    ("text", "term", "marked"),
    [
        ("CI", Term(("ci",)), "<mark>CI</mark>"),
        ("Build & test", Term(("test",)), "Build &amp; <mark>test</mark>"),
        ("actions/checkout@v4", Term(("actions", "checkout", "v4")), "<mark>actions/checkout@v4</mark>"),
        ("checkout v3, checkout v4", Term(("checkout", "v4")), "checkout v3, <mark>checkout v4</mark>"),
        ("building", Term(("build",), prefix=True), "<mark>building</mark>"),
        ("building", Term(("build",)), None),
        ("École", Term(("ecole",)), "<mark>École</mark>"),
        ("<script>alert(1)</script>", Term(("alert",)), "&lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt;"),
        ('"><img src=x onerror=y>', Term(("img",)), "&quot;&gt;&lt;<mark>img</mark> src=x onerror=y&gt;"),
    ],
)
def test_marks(text, term, marked):
    assert mark(text, term) == marked


def test_a_long_text_is_cut_around_its_first_mark():
    shown = mark("word " * 200 + "needle " + "word " * 200, Term(("needle",)))
    assert shown is not None
    assert "<mark>needle</mark>" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) < LONGEST + 40


def test_fields_without_a_match_are_left_out():
    assert highlight({"name": "a", "description": None, "path": "b"}, [Term(("a",))]) == {"name": "<mark>a</mark>"}
    assert highlight({"name": "a"}, []) == {}


@given(st.text("ab<>&\"' ", max_size=80))
def test_all_but_the_marks_is_escaped(text):
    shown = mark(text, Term(("a",)), Term(("b",), prefix=True))
    if shown is not None:
        bare = re.sub("</?mark>", "", shown)
        assert not set(bare) & set("<>\"'")
        assert unescape(bare) == text
