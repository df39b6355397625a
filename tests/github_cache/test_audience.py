"""Who may be given a stored body: each row of the table, and what keeps a body from being shared."""

import pytest

from github_cache.caller import Caller
from github_cache.proxy import audience
from github_cache.proxy.audience import POOL, SHARED, Candidate, NoPinnedCredential
from github_cache.resources import Audience, match

KEY = Caller("api_key", "acme", "key-identity", frozenset({"read"}))
ALICE = Caller("token", "acme", "alice-identity", token="ghp_alice")
EVERYONE, IDENTITY, RELATIVE = Audience.SAME_FOR_EVERYONE, Audience.IDENTITY, Audience.USER_RELATIVE


def test_by_default_a_token_gets_its_own_bodies_only_and_for_a_minute() -> None:
    assert audience.candidates(IDENTITY, ALICE, ALICE.identity) == (Candidate(ALICE.identity, window=60.0),)


def test_by_default_a_key_gets_what_its_tenants_pool_fetched() -> None:
    assert audience.candidates(IDENTITY, KEY, POOL) == (Candidate(POOL),)


def test_what_others_fetched_is_given_only_with_a_proof_that_it_is_public() -> None:
    for caller, own in ((ALICE, ALICE.identity), (KEY, POOL)):
        others = [each for each in audience.candidates(EVERYONE, caller, own) if each.audience != own]
        assert others
        assert all(each.proof for each in others)


def test_the_pools_bodies_are_given_to_tokens_only_if_they_are_fit() -> None:
    (pools,) = [each for each in audience.candidates(EVERYONE, ALICE, ALICE.identity) if each.audience == POOL]
    assert pools.fit


def test_what_belongs_to_a_user_needs_a_pinned_credential_with_a_key() -> None:
    with pytest.raises(NoPinnedCredential):
        audience.own(RELATIVE, KEY, None)
    assert audience.own(RELATIVE, KEY, "pinned-identity") == "pinned-identity"
    assert audience.own(RELATIVE, ALICE, "pinned-identity") == ALICE.identity
    assert len(audience.candidates(RELATIVE, KEY, "pinned-identity")) == 1


@pytest.mark.parametrize(
    ("kind", "caller", "own", "proven", "fit", "expected"),
    [
        (EVERYONE, ALICE, "alice-identity", True, True, SHARED),
        (EVERYONE, ALICE, "alice-identity", False, True, "alice-identity"),
        (EVERYONE, ALICE, "alice-identity", True, False, "alice-identity"),
        (IDENTITY, ALICE, "alice-identity", True, True, "alice-identity"),
        (EVERYONE, KEY, POOL, True, True, POOL),
        (RELATIVE, KEY, "pinned-identity", True, True, "pinned-identity"),
    ],
)
def test_where_a_new_body_is_kept(
    kind: Audience, caller: Caller, own: str, proven: bool, fit: bool, expected: str
) -> None:
    assert audience.destination(kind, caller, own, proven=proven, fit=fit) == expected


REPOSITORY = match("/repos/acme/api").route
RELEASE = match("/repos/acme/api/releases/latest").route


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":1,"permissions":{"admin":true}}',
        b'{"id":1, "permissions" : {"admin":true}}',
        b'{"temp_clone_token":""}',
        b'[{"viewerHasStarred":true}]',
        b'{"role_name":"admin"}',
        b'{"download_url":"https://raw.githubusercontent.com/a/b/main/x?token=AAAA"}',
    ],
)
def test_bodies_that_depend_on_their_viewer_are_not_shared(body: bytes) -> None:
    assert not audience.fit_to_share(body, REPOSITORY)


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":1,"private":false}',
        b'{"body":"set \\"permissions\\": write"}',
        b'{"download_url":"https://raw.githubusercontent.com/a/b/main/x"}',
    ],
)
def test_other_bodies_are(body: bytes) -> None:
    assert audience.fit_to_share(body, REPOSITORY)


def test_draft_releases_are_not_shared_but_draft_pull_requests_are() -> None:
    assert not audience.fit_to_share(b'{"draft": true}', RELEASE)
    assert audience.fit_to_share(b'{"draft": true}', match("/repos/acme/api/pulls/1").route)


def test_reviews_that_were_not_sent_yet_are_not_shared() -> None:
    reviews = match("/repos/acme/api/pulls/1/reviews").route
    assert not audience.fit_to_share(b'[{"state": "APPROVED"}, {"state": "PENDING"}]', reviews)
    assert audience.fit_to_share(b'[{"state": "APPROVED", "body": "not \\"state\\": \\"PENDING\\""}]', reviews)


@pytest.mark.parametrize("path", ["/pulls/1/reviews/2", "/pulls/1/reviews/2/comments", "/pulls/comments/3"])
def test_a_single_review_and_its_comments_are_for_who_fetched_them(path: str) -> None:
    assert match(f"/repos/acme/api{path}").route.audience is IDENTITY


@pytest.mark.parametrize(
    ("body", "public"),
    [
        ({"private": False}, True),
        ({"private": False, "visibility": "public"}, True),
        ({"private": False, "visibility": "internal"}, False),
        ({"private": True, "visibility": "private"}, False),
        ({}, False),
        ({"private": 0}, False),
        ({"private": None}, False),
    ],
)
def test_only_githubs_plain_word_makes_a_repository_public(body: dict[str, object], public: bool) -> None:
    assert audience.shows_public(body) is public


@pytest.mark.parametrize(("proven_at", "holds"), [(None, False), (700.0, True), (699.0, False), (1001.0, False)])
def test_a_proof_holds_for_five_minutes(proven_at: float | None, holds: bool) -> None:
    assert audience.proof_holds(proven_at, 1000.0) is holds
