"""`manage.py doctor`: configuration, versions, clocks and hooks, beside what `/health` says."""

import io

import pytest
import responses
from django.core.management import call_command

from config import doctor
from github_cache.health import State
from github_cache.models import Tenant
from github_cache.upstream import credentials
from webhooks.models import WebhookConfig

TOKEN = "ghp_" + "z9" * 18
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
AT = 1792567680.0


@pytest.mark.parametrize(
    ("ahead", "state", "word"),
    [(0, State.OK, "within"), (4, State.OK, "within"), (90, State.DEGRADED, "ahead"), (-90, State.DEGRADED, "behind")],
)
def test_our_clock_is_compared_with_githubs(ahead: float, state: State, word: str) -> None:
    part = doctor.skew({"Date": DATE}, AT + ahead)
    assert part.state is state
    assert word in part.detail


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_an_answer_without_a_date_is_said(headers: dict[str, str]) -> None:
    assert doctor.skew(headers, 0).state is State.DEGRADED


@pytest.mark.parametrize(
    ("version", "state"),
    [("6.2.14", State.OK), ("7.0.0", State.OK), ("8.2", State.OK), ("6.0.16", State.DEGRADED), ("5", State.DEGRADED)],
)
def test_versions_are_compared_by_number(version: str, state: State) -> None:
    assert doctor.compared("Redis", version, (6, 2)).state is state


@pytest.fixture
def hook(settings: pytest.FixtureRequest) -> WebhookConfig:
    settings.GITHUB_TOKENS = (TOKEN,)  # type: ignore[attr-defined]
    credentials.forget()
    tenant, _ = Tenant.objects.get_or_create(slug="default")
    return WebhookConfig.objects.create(
        tenant=tenant,
        target=WebhookConfig.For.ORGANIZATION,
        organization="acme",
        organization_id=1,
        webhook_id=7,
        webhook_url="https://hub.example/api/v1/webhooks/github",
        secret="s" * 40,
        events=["push"],
    )


@pytest.mark.django_db
@responses.activate
@pytest.mark.parametrize(
    ("there", "state", "word"),
    [
        ({}, State.OK, "GitHub has it"),
        ({"active": False}, State.DEGRADED, "differs in active"),
        (None, State.DEGRADED, "no such hook"),
    ],
)
def test_hooks_are_compared_with_githubs(
    hook: WebhookConfig, there: dict[str, object] | None, state: State, word: str
) -> None:
    url = "https://api.github.com/orgs/acme/hooks/7"
    if there is None:
        responses.get(url, status=404, json={"message": "Not Found"})
    else:
        kept = {"url": hook.webhook_url, "secret": "********"}
        responses.get(url, json={"id": 7, "active": True, "events": ["push"], "config": kept, **there})
    ((name, part),) = doctor.hooks()
    assert "acme" in name
    assert part.state is state
    assert word in part.detail


@pytest.mark.django_db
def test_the_command_says_what_to_do_and_exits_with_1() -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    said = out.getvalue()
    for word in ("configuration", "versions", "hooks", "database", "workers", "degraded"):
        assert word in said
