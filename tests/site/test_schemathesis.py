"""Every operation of the API is asked what its description allows, and what it does not: all checks, no 5xx.

GitHub is a sandbox on loopback, so that writes go through to the end.
"""

import json

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from github_cache.models import ApiKey, Tenant
from tests.github_cache.gateway.conftest import house  # noqa: F401
from tests.github_cache.gateway.house import House

EXAMPLES = 20
WITH_RULES_OF_THEIR_OWN = {
    # The query language has a grammar, which no schema tells.
    "GET /api/v1/facets",
    "GET /api/v1/facets/{facet}",
    "GET /api/v1/search",
    # GitHub lists so many items and no more: a page is refused by its number and its size together.
    "GET /api/v1/github/orgs/{org}/repos",
    "GET /api/v1/github/{owner}/{repo}/issues",
    "GET /api/v1/github/{owner}/{repo}/pulls",
    # Which fields may stand beside each other.
    "POST /api/v1/admin/cache/clear",
    "PATCH /api/v1/github/{owner}/{repo}/settings",
    "PATCH /api/v1/github/{owner}/{repo}/labels/{label_name}",
    "POST /api/v1/webhooks/configs",
    "PATCH /api/v1/webhooks/configs/{id}",
    # A body that nobody signed.
    "POST /api/v1/webhooks/github",
    "POST /api/v1/webhooks/github/{config_id}",
}
"""Operations that may refuse, with a problem that says why, what their schema alone would allow."""

description = SchemaGenerator().get_schema(public=True)
# One way in at a time, so that taking it away, or spoiling it, has to end in 401.
description["components"]["securitySchemes"] = {"bearer": description["components"]["securitySchemes"]["bearer"]}
for path in description["paths"].values():
    for operation in path.values():
        if {"bearer": []} in operation["security"]:
            operation["security"] = [{"bearer": []}]
schema = schemathesis.openapi.from_dict(json.loads(json.dumps(description)))
schema.app, schema.location = WSGIHandler(), "/openapi.json"
operations = {
    operation.ok().label: operation.ok()
    for operation in schema.get_all_operations()
    if "/api/v1/" in operation.ok().path
}


@pytest.fixture
def key(house: House) -> str:  # noqa: F811
    """May do everything that a key can."""
    return ApiKey.create(Tenant.objects.get(slug="default"), "schemathesis", ApiKey.Scope.values)[1]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", operations)
def test_it_keeps_to_its_description(key: str, label: str, mode: GenerationMode) -> None:
    authorization = {"Authorization": f"Bearer {key}"}
    excluded = [positive_data_acceptance] if label in WITH_RULES_OF_THEIR_OWN else []

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
              phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(operations[label].as_strategy(generation_mode=mode, headers=authorization))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=authorization, excluded_checks=excluded)

    try:
        ask()
    except Unsatisfiable:
        pytest.skip("it takes nothing that could be wrong")
