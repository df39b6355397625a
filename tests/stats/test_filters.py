"""The query language: what is understood, and where what is not understood goes wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.filters import (
    MAX_QUERY,
    Choice,
    Paging,
    Query,
    QueryError,
    Term,
    parse_paging,
    parse_query,
)
from stats.vocabulary import FACETS


def box(text: str) -> Query:
    return parse_query({"q": [text]})


def test_words_phrases_beginnings_and_nots():
    query = box('checkout "Set up Go" build* -deploy -"blue green"')
    assert set(query.terms) == {Term(("checkout",)), Term(("set", "up", "go")), Term(("build",), prefix=True)}
    assert set(query.without_terms) == {Term(("deploy",)), Term(("blue", "green"))}


def test_fields_in_the_box_mean_the_same_as_parameters():
    assert box('trigger:push action:"a b" trigger:Schedule') == parse_query(
        {"trigger": ["schedule", "PUSH"], "action": ["A  b"]}
    )


def test_the_same_meaning_has_one_canonical_form():
    first = parse_query({"q": ["b a  trigger:push"], "language": ["go", "rust"]})
    second = parse_query({"language": ["Rust", "Go", "go"], "q": ["A B"], "trigger": ["push"]})
    assert first.canonical() == second.canonical()
    assert first.canonical() != box("a b").canonical()


@pytest.mark.parametrize("alias", ["license:mit", "licence:MIT"])
def test_other_names_of_a_facet(alias):
    assert box(alias).choices == (Choice("licence", ("mit",)),)


@pytest.mark.parametrize(
    "text",
    [
        "' OR 1=1; DROP TABLE x --",
        "NEAR(a b, 2)",
        "a AND NOT b",
        "name:",
        "^a + b*c",
        "{a}:b",
        "https://a.b/c?d=e",
        "a'b|c&d!e",
    ],
)
def test_operators_of_databases_are_text(text):
    if ":" in text and "://" not in text:
        with pytest.raises(QueryError):
            box(text.replace("{a}", "a"))
    else:
        assert all(word.isalnum() for term in box(text).terms for word in term.words)


@pytest.mark.parametrize(
    ("text", "position", "length"),
    [
        ('a "b c', 2, 1),
        ("a colour:red", 2, 6),
        ("a -colour:red", 3, 6),
        ("trigger:", 0, 8),
        ("a trigger: b", 2, 8),
        ("kind:robot", 5, 5),
        ("archived:perhaps", 9, 7),
        ("+++", 0, 3),
        ("x" * (MAX_QUERY + 24), MAX_QUERY, 24),
        (" ".join(f"w{n}" for n in range(33)), 118, 3),
    ],
)
def test_an_error_shows_where(text, position, length):
    with pytest.raises(QueryError) as caught:
        box(text)
    assert (caught.value.parameter, caught.value.position, caught.value.length) == ("q", position, length)


def test_an_unknown_parameter_says_which_there_are():
    with pytest.raises(QueryError, match="there is no parameter 'colour'") as caught:
        parse_query({"colour": ["red"]})
    assert all(facet in str(caught.value) for facet in FACETS)
    parse_query({"page": ["1"]}, besides=("page",))


@pytest.mark.parametrize(
    "given",
    [{"q": ["a", "b"]}, {"trigger": [""]}, {"trigger": ["x" * 256]}, {"trigger": [str(n) for n in range(101)]}],
)
def test_parameters_have_bounds(given):
    with pytest.raises(QueryError):
        parse_query(given)


def test_scripts_without_spaces_are_phrases_of_characters():
    assert box("設定 ÉCOLE").terms == (Term(("ecole",)), Term(("設", "定")))


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_an_error_within_it(text):
    try:
        query = box(text)
    except QueryError as error:
        position = error.position
    else:
        position = 0
        assert parse_query(_grouped(query)) == query
    assert 0 <= position <= len(text)


def _grouped(query: Query) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in query.parameters():
        grouped.setdefault(name, []).append(value)
    return grouped


def test_parameters_mean_the_query_they_came_from():
    query = parse_query({"q": ['a b* "c d" -e -trigger:push -language:"C sharp"'], "topic": ["x", "y"]})
    assert parse_query(_grouped(query)) == query


@pytest.mark.parametrize(
    ("given", "paging"),
    [
        ({}, Paging("newest", 1, 30, None)),
        ({"sort": ["relevance"], "page": ["3"], "per_page": ["100"]}, Paging("relevance", 3, 100, None)),
        ({"cursor": ["abc"]}, Paging("newest", 1, 30, "abc")),
    ],
)
def test_paging(given, paging):
    assert parse_paging(given, Query()) == paging
    assert parse_paging({}, box("a")).sort == "relevance"


@pytest.mark.parametrize(
    "given",
    [
        {"page": ["0"]},
        {"page": ["-1"]},
        {"page": ["1e3"]},
        {"page": ["1000000000"]},
        {"page": ["9" * 40]},
        {"page": ["١"]},
        {"per_page": ["101"]},
        {"page": ["101"], "per_page": ["100"]},
        {"sort": ["best"]},
        {"page": ["2"], "cursor": ["abc"]},
        {"page": ["1", "2"]},
    ],
)
def test_pages_that_there_are_not(given):
    with pytest.raises(QueryError):
        parse_paging(given, Query())
