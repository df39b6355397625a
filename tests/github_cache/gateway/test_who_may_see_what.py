"""Each row of "Who may see what", and what somebody might try to get round it."""

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from github_cache import invalidation
from github_cache.keys import Scope
from github_cache.models import ApiKey, Credential, Tenant
from github_cache.upstream import credentials
from github_sandbox import changes
from tests.github_cache.gateway.house import ADMIN, DEV, GUEST, TENANT, House
from webhooks import affects, invalidating, payloads

HELLO, SECRET = "/api/v3/repos/octo/hello", "/api/v3/repos/octo/secret"
TYPED = "/api/v1/github/octo/secret"


def make_private(house: House) -> None:
    """As the owner does; the event that tells of it purges what is kept."""
    world = house.handle.world
    changes.edit_repository(world, house.repository(), world.accounts["octo-admin"], {"private": True})


# A private repository


@pytest.mark.parametrize("path", [SECRET, f"{SECRET}/issues", f"{SECRET}/contents/README.md", f"{SECRET}/labels"])
def test_what_the_pool_may_see_is_not_given_to_a_token_that_may_not(house: House, path: str) -> None:
    assert house.get(path).status_code == 200
    assert house.get(path, token=GUEST).status_code == 404


@pytest.mark.parametrize("path", [SECRET, f"{SECRET}/issues"])
def test_nor_is_what_another_token_saw(house: House, path: str) -> None:
    assert house.get(path, token=ADMIN).status_code == 200
    assert house.get(path, token=GUEST).status_code == 404
    assert house.get(path, token=ADMIN).status_code == 200


def test_nor_by_its_number(house: House) -> None:
    number = house.repository("secret").id
    house.get(f"{SECRET}/issues")
    for path in (f"/api/v3/repositories/{number}", f"/api/v3/repositories/{number}/issues"):
        assert house.get(path, token=GUEST).status_code == 404


@pytest.mark.parametrize("path", ["info", "issues", "languages", "pulls", "workflows"])
def test_nor_by_the_typed_api(house: House, path: str) -> None:
    assert house.get(f"{TYPED}/{path}").status_code == 200
    assert house.get(f"{TYPED}/{path}", token=GUEST).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache_Control": "only-if-cached"},
        {"Cache_Control": "max-stale"},
        {"If_None_Match": "*"},
        {"X_Hubcache_Tenant": "default"},
        {"Accept": "application/vnd.github.v3+json"},
    ],
)
def test_no_header_opens_it(house: House, headers: dict[str, str]) -> None:
    house.get(f"{SECRET}/issues")
    answer = house.get(f"{SECRET}/issues", token=GUEST, **headers)
    assert answer.status_code in (404, 504)
    assert b"Nobody knows" not in answer.content


def test_a_404_for_one_is_no_404_for_another(house: House) -> None:
    assert house.get(f"{SECRET}/issues", token=GUEST).status_code == 404
    assert house.get(f"{SECRET}/issues", token=ADMIN).status_code == 200
    assert house.get(f"{SECRET}/issues").status_code == 200


def test_a_token_is_given_a_private_body_again_for_a_minute_and_then_github_confirms(house: House) -> None:
    house.get(f"{SECRET}/labels", token=ADMIN)
    house.forgotten()
    assert house.get(f"{SECRET}/labels", token=ADMIN)["X-Cache"] == "HIT"
    assert house.calls == 0
    house.pass_time(61)
    house.forgotten()
    assert house.get(f"{SECRET}/labels", token=ADMIN)["X-Cache"] == "REVALIDATED"
    assert house.cost == 0
    assert any(path.endswith("/labels") for path in house.paths)


def test_who_was_let_go_is_shown_nothing_a_minute_later(house: House) -> None:
    world = house.handle.world
    assert house.get(f"{SECRET}/issues", token=DEV).status_code == 200
    world.organization("octo").members.pop("octo-dev")
    house.pass_time(61)
    assert house.get(f"{SECRET}/issues", token=DEV).status_code == 404


def test_while_github_fails_a_token_gets_no_private_body_past_its_minute(house: House) -> None:
    house.get(f"{SECRET}/labels", token=ADMIN)
    house.pass_time(61)
    house.handle.faults.add({"kind": "status", "status": 502})
    assert house.get(f"{SECRET}/labels", token=ADMIN).status_code == 502


# A public repository


def test_what_is_the_same_for_everyone_is_shared_with_a_proof(house: House) -> None:
    house.get(HELLO, token=ADMIN)
    house.get(f"{HELLO}/issues", token=ADMIN)
    house.pass_time(10)
    house.get(HELLO, token=ADMIN)
    house.get(f"{HELLO}/labels", token=ADMIN)
    house.forgotten()
    assert house.get(f"{HELLO}/labels", token=GUEST)["X-Cache"] == "HIT"
    assert not any("labels" in path for path in house.paths)


def test_the_pools_answers_are_shared_with_tokens_too(house: House) -> None:
    house.get(HELLO)
    house.get(f"{HELLO}/issues")
    assert house.get(f"{HELLO}/issues", token=GUEST)["X-Cache"] == "HIT"


def test_without_a_proof_github_is_asked_first_whether_it_is_still_public(house: House) -> None:
    house.get(f"{HELLO}/labels")
    house.pass_time(310)
    house.forgotten()
    house.get(f"{HELLO}/labels", token=GUEST)
    assert any(path.rstrip("/").endswith("/hello") for path in house.paths)


@pytest.mark.parametrize("told", [True, False])
def test_once_private_it_is_shown_to_no_stranger(house: House, told: bool) -> None:
    """At once where an event told of it, within five minutes where none did."""
    house.get(f"{HELLO}/issues")
    assert house.get(f"{HELLO}/issues", token=GUEST).status_code == 200
    number = house.repository().id
    make_private(house)
    if told:
        invalidation.purge_scope(TENANT, Scope("repo", str(number)))
    else:
        house.pass_time(301)
    for path in (f"{HELLO}/issues", HELLO, f"/api/v3/repositories/{number}/issues", "/api/v1/github/octo/hello/issues"):
        assert house.get(path, token=GUEST).status_code == 404, path


def test_a_repository_body_with_viewer_fields_stays_with_who_fetched_it(house: House) -> None:
    assert house.get(HELLO, token=ADMIN).json()["permissions"]["admin"]
    assert not house.get(HELLO, token=GUEST).json()["permissions"]["admin"]
    assert house.get(HELLO).json()["permissions"]["admin"]


def test_draft_releases_are_not_shared(house: House) -> None:
    world = house.handle.world
    changes.publish_release(world, house.repository(), world.accounts["octo-admin"], "v1", {"draft": True})
    house.get(HELLO)
    seen = house.get(f"{HELLO}/releases")
    assert b'"v1"' in seen.content
    assert b'"v1"' not in house.get(f"{HELLO}/releases", token=GUEST).content


# What belongs to one user


def test_each_token_is_its_own_user(house: House) -> None:
    assert house.get("/api/v3/user", token=DEV).json()["login"] == "octo-dev"
    assert house.get("/api/v3/user", token=GUEST).json()["login"] == "octo-guest"
    assert house.get("/api/v3/user", token=DEV)["X-Cache"] == "HIT"


def test_a_key_is_the_pinned_credentials_user(house: House) -> None:
    assert house.get("/api/v3/user").json()["login"] == "octo-admin"


def test_without_a_pinned_credential_a_key_is_nobody(house: House, settings) -> None:
    settings.GITHUB_TOKEN, settings.GITHUB_TOKENS = "", ()
    house.pass_time(0)
    for path in ("/api/v3/user", "/api/v3/user/repos", "/api/v3/notifications"):
        assert house.get(path).status_code == 403
    assert house.ask("POST", f"{HELLO}/labels", body={"name": "x", "color": "ff0000"}).status_code == 403
    assert house.graphql("{viewer{login}}").status_code == 403


def test_lists_of_an_organisation_differ_by_who_asks(house: House) -> None:
    mine = house.get("/api/v3/orgs/octo/repos").json()
    theirs = house.get("/api/v3/orgs/octo/repos", token=GUEST).json()
    assert {each["name"] for each in mine} == {"hello", "secret"}
    assert {each["name"] for each in theirs} == {"hello"}


# GraphQL

PRIVATE = '{repository(owner:"octo",name:"secret"){name issues(first:1){nodes{title}}}}'


def test_graphql_answers_stay_with_their_identity(house: House) -> None:
    assert b"The secret" in house.graphql(PRIVATE).content
    assert b"The secret" in house.graphql(PRIVATE, token=ADMIN).content
    assert b"The secret" not in house.graphql(PRIVATE, token=GUEST).content
    assert house.graphql("{viewer{login}}", token=DEV).json()["data"]["viewer"]["login"] == "octo-dev"
    assert house.graphql("{viewer{login}}", token=GUEST).json()["data"]["viewer"]["login"] == "octo-guest"


# Who comes in


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "token nonsense"}, 401),
        ({"Authorization": "Bearer hc_nonsense"}, 401),
        ({"Authorization": "Basic %%%"}, 401),
        ({"Authorization": "Digest abc"}, 401),
        ({"X-Api-Key": "hc_nonsense"}, 401),
        ({"Authorization": "token " + "a" * 2000}, 401),
    ],
)
@pytest.mark.parametrize("path", [HELLO, "/api/v1/github/octo/hello/info", "/api/v3/rate_limit"])
def test_nobody_and_wrong_credentials(house: House, headers: dict[str, str], status: int, path: str) -> None:
    answer = house.client.get(path, headers=headers)
    assert answer.status_code == status
    assert "message" in answer.json() or "detail" in answer.json()


@pytest.mark.parametrize("scheme", ["token {}", "Bearer {}", "bearer {}"])
def test_keys_and_tokens_come_in_githubs_forms(house: House, scheme: str) -> None:
    for credential in (house.key, GUEST):
        assert house.client.get(HELLO, headers={"Authorization": scheme.format(credential)}).status_code == 200


def test_a_token_is_verified_once(house: House) -> None:
    for _ in range(3):
        house.get("/api/v3/user", token=GUEST)
    assert house.paths.count("/rate_limit") == 1


def test_a_token_that_github_refuses_is_refused_again_without_asking(house: House) -> None:
    for _ in range(3):
        assert house.get("/api/v3/user", token="ghp_wrong").status_code == 401
    assert house.paths.count("/rate_limit") == 1


def test_a_revoked_key_ends(house: House) -> None:
    row = ApiKey.objects.get()
    row.revoke()
    house.pass_time(0)
    assert house.get(HELLO).status_code == 401


def test_a_key_does_only_what_its_scopes_allow(house: House) -> None:
    _, reader = ApiKey.create(Tenant.objects.get(slug=TENANT), "reader", ("read",))
    _, writer = ApiKey.create(Tenant.objects.get(slug=TENANT), "writer", ("write",))
    label = {"name": "x", "color": "ff0000"}
    assert house.get(HELLO, key=reader).status_code == 200
    assert house.get(HELLO, key=writer).status_code == 403
    assert house.ask("POST", f"{HELLO}/labels", key=reader, body=label).status_code == 403
    assert house.ask("POST", f"{HELLO}/labels", key=writer, body=label).status_code == 201
    assert house.ask("POST", "/api/v1/admin/cache/clear", key=reader).status_code == 403


def test_two_tenants_share_nothing(house: House) -> None:
    other, _ = Tenant.objects.get_or_create(slug="other")
    _, theirs = ApiKey.create(other, "theirs", ("read", "write", "admin"))
    house.get(f"{SECRET}/issues")
    house.get("/api/v1/github/octo/secret/issues")
    for path in (f"{SECRET}/issues", "/api/v1/github/octo/secret/issues", "/api/v3/user"):
        answer = house.get(path, key=theirs)
        assert answer.status_code in (403, 404, 503)
        assert b"secret" not in answer.content.lower().replace(b"octo/secret", b"")


def test_passed_through_tokens_get_the_gateway_only(house: House) -> None:
    for path in ("/api/v1/rate-limits/status", "/api/v1/admin/cache/stats"):
        assert house.get(path, token=ADMIN).status_code == 403


# Somebody who leaves


@pytest.mark.parametrize("event", ["organization", "membership"])
def test_who_is_removed_is_given_nothing_again_though_a_minute_is_not_over(house: House, event: str) -> None:
    world = house.handle.world
    paths = [f"{SECRET}/issues", f"{SECRET}/labels", f"{TYPED}/info"]
    for path in paths:
        assert house.get(path, token=DEV).status_code == 200
        assert house.get(path, token=DEV)["X-Cache"] == "HIT"
    del world.organization("octo").members["octo-dev"]
    action = {"organization": "member_removed", "membership": "removed"}[event]
    touched = affects.touched(
        event,
        payload := {"action": action, "organization": {"id": 9001, "login": "octo"}},
        payloads.subject(payload),
        affects.Target("organization", 9001, "octo"),
        TENANT,
    )
    invalidating.invalidate(TENANT, touched)
    for path in paths:
        assert house.get(path, token=DEV).status_code == 404
        assert house.get(path, token=ADMIN).status_code == 200


def test_who_stays_has_to_be_confirmed_but_costs_nothing(house: House) -> None:
    house.get(f"{SECRET}/issues", token=DEV)
    invalidation.callers_changed(TENANT)
    house.forgotten()
    assert house.get(f"{SECRET}/issues", token=DEV)["X-Cache"] == "REVALIDATED"
    assert house.cost == 0


def test_what_a_token_may_is_told_to_nobody_else(house: House) -> None:
    house.get(HELLO, token=DEV)
    assert "X-OAuth-Scopes" in house.get("/api/v3/user", token=DEV)
    house.get(f"{HELLO}/labels", token=DEV)
    for reader in ({"token": GUEST}, {}):
        answer = house.get(f"{HELLO}/labels", **reader)
        assert answer["X-Cache"] == "HIT"
        assert not {"X-OAuth-Scopes", "X-Accepted-OAuth-Scopes"} & set(answer.headers)


@pytest.mark.parametrize("how", [{"Cache_Control": "no-store"}, {"Range": "bytes=0-"}, {}])
def test_without_a_pinned_credential_nobody_of_the_pool_is_shown(
    house: House, settings: Settings, flags: Callable[..., None], how: dict[str, str]
) -> None:
    settings.GITHUB_TOKEN, settings.GITHUB_TOKENS = "", (ADMIN,)
    for _ in range(2):
        for path in ("/api/v3/user", "/api/v3/user/repos", "/api/v3/user/orgs"):
            assert house.get(path, **how).status_code == 403
        assert house.graphql("{viewer{login}}", **how).status_code == 403
        assert house.graphql("{viewer{login} rateLimit{remaining}}", **how).status_code == 403
        flags(GITHUB_CACHE_ENABLED=False)


@pytest.fixture
def bot(house: House, settings: Settings) -> Credential:
    """The only credential of the pool."""
    settings.GITHUB_TOKEN, settings.GITHUB_TOKENS = "", ()
    row = Credential.objects.create(tenant_id=TENANT, name="bot", secret=ADMIN)
    credentials.forget()
    return row


@pytest.fixture
def staff(house: House) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("ada", password="a good passphrase"))
    return client


AS_IT_WAS = {"tenant": TENANT, "name": "bot", "kind": "token", "active": "on"}


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("delete", {"post": "yes"}),
        ("change", AS_IT_WAS | {"active": ""}),
        ("change", AS_IT_WAS | {"new_secret": GUEST}),
        ("changelist", {"action": "delete_selected", "post": "yes"}),
    ],
    ids=["deleted", "switched off", "given another secret", "deleted with others"],
)
def test_what_a_credential_fetched_goes_with_it(
    house: House, bot: Credential, staff: Client, page: str, form: dict[str, str]
) -> None:
    for path in (f"{SECRET}/issues", f"{TYPED}/info"):
        assert house.get(path).status_code == 200
    if page == "changelist":
        done = staff.post(reverse("admin:github_cache_credential_changelist"), form | {"_selected_action": bot.pk})
    else:
        done = staff.post(reverse(f"admin:github_cache_credential_{page}", args=(bot.pk,)), form)
    assert done.status_code == 302
    house.handle.faults.add({"kind": "status", "status": 502})
    for path in (f"{SECRET}/issues", f"{TYPED}/info"):
        assert house.get(path).status_code in (502, 503)


def test_a_credential_that_is_only_renamed_keeps_what_it_fetched(house: House, bot: Credential, staff: Client) -> None:
    house.get(f"{SECRET}/issues")
    page = reverse("admin:github_cache_credential_change", args=(bot.pk,))
    assert staff.post(page, AS_IT_WAS | {"name": "robot"}).status_code == 302
    assert house.get(f"{SECRET}/issues")["X-Cache"] in ("HIT", "REVALIDATED")
