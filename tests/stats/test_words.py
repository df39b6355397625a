"""Words: the same for text and query, whatever script; nothing that a database could take for an operator."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.words import MAX_WORD, spans, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("actions/checkout@v4", ("actions", "checkout", "v4")),
        ("light.turn_on", ("light", "turn", "on")),
        ("Ünïcode ÉCOLE straße", ("unicode", "ecole", "strasse")),
        ("設定 カー", ("設", "定", "カ", "ー")),
        ("привет, мир!", ("привет", "мир")),
        ("𝓐 ①", ("a", "1")),
        ("' OR 1=1 --", ("or", "1", "1")),
        ("\0\n\t", ()),
        ("x" * 100, ("x" * MAX_WORD,)),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@given(st.text())
def test_words_are_letters_and_digits_and_stay_what_they_are(text):
    found = words(text)
    assert all(word and word.isalnum() and len(word) <= MAX_WORD for word in found)
    assert words(" ".join(found)) == found


@given(st.text())
def test_spans_lie_in_the_text_in_order(text):
    places = [(start, end) for _, start, end in spans(text)]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places)
