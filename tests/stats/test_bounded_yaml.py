"""Strangers' YAML: bombs, rubbish and oddities end in a sentence, soon and without much memory."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.automations import Unreadable, read_file
from stats.automations.bounded_yaml import MAX_BYTES, MAX_VALUES, Mapping, Tagged, YamlProblem, read_document


def _doubling(form: str) -> str:
    return "\n".join(["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {form.format(n - 1)}" for n in range(1, 64)])


BOMBS = {
    "aliases that double": (_doubling("[*a{0}, *a{0}]"), "each alias counted"),
    "merges that double": (_doubling("{{<<: [*a{0}, *a{0}]}}"), "each alias counted"),
    "too many values": ("[" + "a," * (MAX_VALUES + 1) + "]", "more than"),
    "5 MB": ("a" * 5_000_000, "bytes"),
    "deep flow lists": ("[" * 100_000, "nested deeper"),
    "deep block lists": ("- " * 100_000, "nested deeper"),
    "deep flow mappings": ("{a: " * 100_000, "nested deeper"),
    "a circle": ("a: &a [*a]", "no anchor"),
    "an alias to nothing": ("*a", "no anchor"),
    "a list as a key": ("? [a]\n: b", "key"),
    "a tagged key": ("!x a: b", "key"),
    "several documents": ("a\n---\nb", "second document"),
    "NUL": ("a\0b", "binary"),
    "tabs": ("a:\n\t- b", "line 2"),
}


@pytest.mark.parametrize(("text", "said"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_ends_in_a_sentence(text, said):
    with pytest.raises(YamlProblem, match=said):
        read_document(text)


def test_bytes_that_are_no_text():
    with pytest.raises(YamlProblem, match="byte 3"):
        read_document(b"abc\xff")


def test_scalars_stay_as_they_are_written():
    written = "on: yes\nnumber: 0o17\nbig: 1:1:1:1\ndate: 2020-99-99\nnothing: ~\nempty:\nquoted: ''"
    assert read_document(written) == {
        "on": "yes",
        "number": "0o17",
        "big": "1:1:1:1",
        "date": "2020-99-99",
        "nothing": None,
        "empty": None,
        "quoted": "",
    }


def test_anchors_merges_and_tags():
    document = read_document("base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3\ntag: !include a.yaml\nstr: !!str 5")
    assert document["mine"] == {"x": "1", "y": "3"}
    assert document["tag"] == Tagged("!include", "a.yaml")
    assert document["str"] == "5"


def test_a_mapping_knows_its_line():
    first, second = read_document("\n- a: b\n- c: d\n")
    assert isinstance(first, Mapping)
    assert (first.line, second.line) == (2, 3)


_tokens = st.sampled_from(
    ["a", ": ", "- ", "[", "]", "{", "}", ",", "\n", "  ", "&x ", "*x", "!t ", "'", '"', "#", "|", "on"]
)


@given(st.lists(_tokens, max_size=40).map("".join))
def test_whatever_it_is_reading_never_raises(text):
    for path in (".github/workflows/a.yml", "automations.yaml"):
        reading = read_file(path, text)
        assert isinstance(reading, tuple) or (isinstance(reading, Unreadable) and reading.reason)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    for path in (".github/workflows/a.yml", "automations.yaml"):
        assert isinstance(read_file(path, content), tuple | Unreadable)


def test_the_largest_file_allowed_is_read():
    lines = "".join(itertools.islice(itertools.cycle(["- abcdefghijklmno\n"]), MAX_BYTES // 18))
    assert len(read_document(lines)) == MAX_BYTES // 18
