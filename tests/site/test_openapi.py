"""The description of the API: valid, complete, and the same addresses that the URL configuration has."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

DESCRIPTION: dict[str, Any] = SchemaGenerator().get_schema(public=True)
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DESCRIPTION["paths"].items()
    for method, operation in operations.items()
}
OURS = {name: operation for name, operation in OPERATIONS.items() if " /api/v1/" in name}


def test_it_is_valid_and_made_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, before + str(pattern.pattern))
        else:
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", before + str(pattern.pattern)).replace("{pk}", "{id}")


def test_every_address_of_the_api_is_described() -> None:
    described = set(DESCRIPTION["paths"])
    there = {address for address in addresses(get_resolver().url_patterns) if address.startswith("/api/v1/")}

    assert there
    assert there <= described


@pytest.mark.parametrize("name", OURS)
def test_every_operation_says_what_refuses_it_and_what_is_counted(name: str) -> None:
    operation = OURS[name]

    assert operation["operationId"]
    assert {"401", "429"} <= operation["responses"].keys()
    for status, response in operation["responses"].items():
        if status >= "400":
            assert "application/problem+json" in response["content"]
    if "webhook_receive" not in operation["operationId"]:
        assert "X-RateLimit-Remaining" in operation["responses"]["429"]["headers"]
        assert {"bearer": []} in operation["security"]


@pytest.mark.parametrize("name", [name for name in OURS if name.startswith("GET /api/v1/github/")])
def test_every_cached_read_has_an_example_and_its_headers(name: str) -> None:
    answer = OURS[name]["responses"]["200"]

    assert {"Cache-Status", "X-Cache", "Age", "ETag"} <= answer["headers"].keys()
    assert answer["content"]["application/json"]["examples"]


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]

    assert len(names) == len(set(names))


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_pages_load_nothing_from_elsewhere(page: str) -> None:
    html = Client().get(page).content.decode()

    assert not re.findall(r'(?:src|href)="(?:https?:)?//', html)
    assert "/static/drf_spectacular_sidecar/" in html


@pytest.mark.django_db
def test_it_is_served_as_json() -> None:
    answer = Client().get("/openapi.json")

    assert answer.status_code == 200
    assert answer.json()["paths"].keys() == DESCRIPTION["paths"].keys()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/api/v1/nowhere", "application/problem+json"),
        ("/api/v1/webhooks/configs/x", "application/problem+json"),
        ("/nowhere", "text/html; charset=utf-8"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_in_the_shape_of_its_surface(path: str, content_type: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 404
    assert answer["Content-Type"] == content_type
