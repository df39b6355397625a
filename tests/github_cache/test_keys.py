"""Keys: no two requests share one, and nothing that a caller typed reaches another tenant's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_cache import keys
from github_cache.keys import MAX_KEY_BYTES, Scope
from github_cache.resources import KINDS

REPO = Scope("repo", "42")
tenants = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True).filter(
    lambda name: name not in ("index", "ns", "flight", "run", "governor", "ratelimit", "django")
)
typed = st.text(max_size=300)
scopes = st.builds(Scope, st.sampled_from(["repo", "org", "tenant"]), st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True))


def test_the_schema_is_spelled_as_documented() -> None:
    assert keys.entry("acme", REPO, "issues:open") == "hubcache:acme:{repo:42}:issues:open"
    assert keys.index("acme", REPO) == "hubcache:acme:index:{repo:42}"
    assert keys.unvalidated("acme", REPO, "issues") == "hubcache:acme:index:{repo:42}:issues"
    assert keys.epoch("acme", REPO, "issues") == "hubcache:acme:epoch:{repo:42}:issues"
    assert keys.scopes("acme") == "hubcache:index:acme"
    assert keys.service_entry("tenant:123", "issue:PROJ-1") == "hubcache:ns:tenant:123:{issue:PROJ-1}"


def test_every_key_is_in_the_table_and_every_row_of_it_is_spelled() -> None:
    org = Scope("org", "42")
    spelled = [
        keys.entry("acme", REPO, "meta"),
        keys.entry("acme", org, "repos"),
        keys.http_entry("acme", REPO, "shared", "/"),
        keys.epoch("acme", REPO, "meta"),
        keys.index("acme", REPO),
        keys.unvalidated("acme", REPO, "meta"),
        keys.alias("acme", "repo", "acme/api"),
        keys.generation_entry("acme", "facets", 1, "q"),
        keys.scopes("acme"),
        keys.tenants(),
        keys.flight("key"),
        keys.server_run(),
        keys.service_entry("acme", "key"),
        keys.service_index("acme"),
    ]
    words = {
        "TENANT": "acme",
        "NAMESPACE": "acme",
        "ID": "42",
        "NAME": "[a-z]+",
        "KIND": "[a-z]+",
        "KEY": "key",
        "DIGEST": "[0-9a-f]{64}",
    }
    for key, (pattern, _) in zip(spelled, keys.SCHEMA, strict=True):
        expression = re.sub("[A-Z]+", lambda word: words[word[0]], re.escape(pattern))
        assert re.fullmatch(expression, key), (pattern, key)


def test_entry_index_and_epochs_of_a_scope_share_their_hash_tag() -> None:
    spelled = [
        keys.entry("acme", REPO, "meta"),
        keys.http_entry("acme", REPO, "shared", "GET", "/"),
        keys.index("acme", REPO),
        keys.unvalidated("acme", REPO, "meta"),
        *(keys.epoch("acme", REPO, kind) for scope, kind in KINDS if scope == "repo"),
    ]
    assert {re.search(r"\{([^}]*)\}", key)[1] for key in spelled} == {"repo:42"}


@given(st.lists(typed, max_size=4), st.lists(typed, max_size=4))
def test_two_requests_share_a_key_only_if_they_are_equal(first: list[str], second: list[str]) -> None:
    same = keys.http_entry("acme", REPO, "shared", *first) == keys.http_entry("acme", REPO, "shared", *second)
    assert same == (first == second)


@given(tenants, tenants, scopes, typed, typed)
def test_nothing_typed_reaches_another_tenant(
    first: str, second: str, scope: Scope, audience: str, request: str
) -> None:
    spelled = keys.http_entry(first, scope, audience, request)
    assert spelled.startswith(f"hubcache:{first}:{{")
    assert keys.alias(first, "repo", request).startswith(f"hubcache:{first}:alias:")
    assert first == second or spelled != keys.http_entry(second, scope, audience, request)


@given(st.from_regex(r"[A-Za-z0-9_.:-]{1,200}", fullmatch=True), st.text(min_size=1, max_size=12_000))
def test_every_key_of_the_service_is_short_and_in_its_namespace(namespace: str, key: str) -> None:
    spelled = keys.service_entry(namespace, key)
    assert len(spelled.encode()) <= MAX_KEY_BYTES
    assert spelled.startswith(f"hubcache:ns:{namespace}:{{")
    assert spelled != keys.service_index(namespace)


@given(
    *(st.from_regex(r"[a:]{1,5}", fullmatch=True) for _ in range(4)),
)
def test_namespaces_and_keys_are_told_apart(space: str, key: str, other_space: str, other_key: str) -> None:
    same = keys.service_entry(space, key) == keys.service_entry(other_space, other_key)
    assert same == ((space, key) == (other_space, other_key))


def test_a_digest_cannot_be_typed() -> None:
    odd = "with space"
    assert keys.service_entry("n", odd) != keys.service_entry("n", f"sha256:{keys.digest(odd)}")


@given(scopes)
def test_a_scope_is_read_as_it_is_spelled(scope: Scope) -> None:
    assert Scope.parse(str(scope)) == scope


@pytest.mark.parametrize("text", ["", "repo:1", "{repo:}", "{user:1}", "{repo:1}x", "{repo:ä}", "{repo:1\n}"])
def test_what_spells_no_scope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no scope"):
        Scope.parse(text)


@pytest.mark.parametrize("tenant", ["", "Acme", "a:b", "a{b", "x" * 41, "index", "ns", "run", "a\n", "é"])
def test_what_is_no_tenant_is_refused(tenant: str) -> None:
    with pytest.raises(ValueError, match="tenant"):
        keys.entry(tenant, REPO, "meta")


@pytest.mark.parametrize("name", ["", "a b", "Meta", "a{b}", "a\n", "a:", ":a", "é", "x:" + "y" * 600])
def test_a_name_that_cannot_stand_in_a_key_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"cannot stand|over"):
        keys.entry("acme", REPO, name)


@given(tenants, scopes)
def test_a_tenant_is_read_from_its_epochs(tenant: str, scope: Scope) -> None:
    epoch = keys.epoch(tenant, scope, "meta")
    assert keys.tenant_of(epoch) == tenant
    assert epoch.startswith(keys.epoch_prefix(tenant))
    assert not keys.entry(tenant, scope, "epoch:x").startswith(keys.epoch_prefix(tenant))
