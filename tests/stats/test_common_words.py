"""The commonest words as bits: whatever is asked and whatever changed, the answers are those of the database."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats import text_index
from stats.columns import Snapshot
from stats.common_words import COMMON, MOST, commonest, mark, parted
from stats.counting import Audience
from stats.facets import facets
from stats.filters import SORTS, Paging, Query, Term
from stats.indexing import index_repository
from stats.search import search
from tests.stats.followed import Follower, changed
from tests.stats.samples import OBSERVED, organisation, repository, workflow

WORDS = st.sampled_from(["build", "test", "deploy", "part", "push", "nowhere", "go", "setup"])
TERMS = st.builds(Term, st.tuples(WORDS) | st.tuples(WORDS, WORDS), st.booleans())


@given(st.lists(st.frozensets(WORDS)), st.lists(TERMS))
def test_a_document_has_the_bits_of_terms_just_where_it_has_their_words(documents, terms):
    bits = commonest(documents)
    wanted, others = parted(bits, terms)
    bare = [term for term in terms if term not in others]
    assert all(term.words[0] in bits and not term.prefix and len(term.words) == 1 for term in bare)
    for document in documents:
        assert (mark(bits, document) & wanted == wanted) == all(term.words[0] in document for term in bare)


def test_the_commonest_have_bits_and_the_rare_have_none():
    documents = [frozenset({"all", *(f"w{n}" for n in range(90) if place <= n)}) for place in range(90)]
    bits = commonest([*documents, frozenset({"once"})] + [frozenset({"all"})] * (COMMON * 2))
    assert len(bits) == MOST
    assert sorted(bits.values()) == [1 << n for n in range(MOST)]
    assert {"all", "w89"} <= bits.keys()
    assert not {"once", "w0"} & bits.keys()


def checked(snapshot: Snapshot) -> None:
    """Each live row has the bits of just those common words that stand in its document."""
    rows = np.flatnonzero(snapshot.live_automations | snapshot.live_repositories)
    marked = dict(zip(snapshot.doc_ids[rows].tolist(), snapshot.marks[rows].tolist(), strict=True))
    found = text_index.words_of(list(marked))
    assert marked == {number: mark(snapshot.common_words, words) for number, words in found}


both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@both_databases
def test_answers_are_the_same_with_bits_and_without(tenant):
    for one in organisation(30, 4):
        index_repository(tenant, one.given, one.files, OBSERVED)
    marked = Follower(tenant, compact_from=40, marked_from=1).current()
    asked = replace(marked, common_words={})
    assert {"build", "part", "go"} <= marked.common_words.keys()

    @given(st.lists(TERMS, max_size=3), st.lists(TERMS, max_size=2), st.sampled_from(SORTS))
    def are_the_same(terms, without_terms, sort):
        query, paging = Query(tuple(terms), tuple(without_terms)), Paging(sort, per_page=100)
        assert search(marked, query, paging, Audience.TENANT) == search(asked, query, paging, Audience.TENANT)
        assert facets(marked, query, Audience.TENANT) == facets(asked, query, Audience.TENANT)

    are_the_same()


@both_databases
def test_bits_follow_what_changes(tenant):
    follower, moments = Follower(tenant, compact_from=40, marked_from=30), changed(tenant, 5, 30)
    next(moments)
    chosen = follower.current().common_words
    assert chosen
    for _ in moments:
        checked(follower.current())
    assert follower.current().common_words is chosen


@both_databases
def test_words_are_chosen_anew_when_the_index_has_doubled(tenant):
    follower = Follower(tenant, compact_from=40, marked_from=4)
    index_repository(tenant, repository(1), {f".github/workflows/{n}.yml": workflow("Old") for n in range(4)}, OBSERVED)
    held = follower.current()
    assert "old" in held.common_words
    index_repository(tenant, repository(2), {f".github/workflows/{n}.yml": workflow("New") for n in range(9)}, OBSERVED)
    grown = follower.current()
    assert "new" in grown.common_words
    checked(grown)
    assert "new" not in held.common_words
    checked(held)
