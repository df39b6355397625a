"""The typed API: what GitHub says of a repository, by way of the cache, in one shape whichever API was asked."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from github_cache import asks, freshness, gateway, invalidation, scoping, writing
from github_cache.api import answers, examples
from github_cache.api.permissions import ReadsGitHub, Writes
from github_cache.api.problems import Problem
from github_cache.api.serializers import (
    InvalidatedSerializer,
    IssuesParameters,
    LabelChangesSerializer,
    LabelSerializer,
    NewLabelSerializer,
    PagesParameters,
    ProblemSerializer,
    PullsParameters,
    ReadParameters,
    RepositorySerializer,
    SettingsSerializer,
    WorkflowSerializer,
)
from github_cache.freshness import Controls
from github_cache.keys import Scope
from github_cache.resources import match
from github_cache.serving import Served
from github_cache.upstream import paths
from github_cache.upstream.errors import BadCall
from github_cache.upstream.shapes.repositories import repository_of_rest
from ratelimit.verdict import Wait

FAILURES = {
    400: OpenApiResponse(ProblemSerializer, description="A name or parameter that cannot be."),
    401: OpenApiResponse(ProblemSerializer, description="No key, or one that is not accepted."),
    403: OpenApiResponse(ProblemSerializer, description="The key lacks the scope, or GitHub refuses."),
    404: OpenApiResponse(ProblemSerializer, description="GitHub shows no such thing to this caller."),
    429: OpenApiResponse(ProblemSerializer, description="A limit, ours or GitHub's; see `Retry-After`."),
    502: OpenApiResponse(ProblemSerializer, description="GitHub failed, and nothing stale may stand in."),
    503: OpenApiResponse(ProblemSerializer, description="No room, or no credential; see `Retry-After`."),
    504: OpenApiResponse(ProblemSerializer, description="GitHub took too long."),
}
_HEADERS = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER, response=[200], description=description)
    for name, description in (
        ("Cache-Status", "How the answer came about (RFC 9211)."),
        ("X-Cache", "HIT, MISS, REVALIDATED, COALESCED, STALE or BYPASS."),
        ("Age", "Seconds since GitHub last confirmed it."),
        ("ETag", "To be sent back in If-None-Match."),
    )
]


class _Read(APIView):
    """One resource of the gateway."""

    permission_classes = (ReadsGitHub,)
    resource: str
    parameters: type[ReadParameters] = ReadParameters

    def read(self, request: Request, **named: str) -> HttpResponse:
        _check(named)
        given = self.parameters(data=request.query_params)
        given.is_valid(raise_exception=True)
        wanted: dict[str, Any] = dict(given.validated_data)
        client = _controls(request, use_cache=wanted.pop("use_cache"))
        params = named | {name: str(value) for name, value in wanted.items() if value not in (None, "")}
        ask = asks.typed(request.caller, self.resource, params, client)
        return answers.answered(request, lambda: gateway.read(ask))


class Info(_Read):
    resource = "repository"

    @extend_schema(
        operation_id="github_repository_info",
        summary="A repository",
        parameters=[ReadParameters, *_HEADERS],
        responses={200: RepositorySerializer, **FAILURES},
        examples=[OpenApiExample("a repository", value=examples.REPOSITORY, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """A repository as GitHub shows it to this caller, kept for `GITHUB_TTL_REPO`."""
        return self.read(request, owner=owner, repo=repo)


class Languages(_Read):
    resource = "languages"

    @extend_schema(
        operation_id="github_repository_languages",
        summary="A repository's languages",
        parameters=[ReadParameters, *_HEADERS],
        responses={200: serializers.DictField(child=serializers.IntegerField()), **FAILURES},
        examples=[OpenApiExample("bytes", value=examples.LANGUAGES, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Bytes of code by language, kept for `GITHUB_TTL_LANGUAGES`."""
        return self.read(request, owner=owner, repo=repo)


class Pulls(_Read):
    resource, parameters = "pulls", PullsParameters

    @extend_schema(
        operation_id="github_repository_pulls",
        summary="A repository's pull requests",
        parameters=[PullsParameters, *_HEADERS],
        responses={200: serializers.ListField(child=serializers.DictField()), **FAILURES},
        examples=[OpenApiExample("open ones", value=examples.PULLS, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Pull requests by state, kept for `GITHUB_TTL_PULLS`; `Link` leads to the next page."""
        return self.read(request, owner=owner, repo=repo)


class Issues(_Read):
    resource, parameters = "issues", IssuesParameters

    @extend_schema(
        operation_id="github_repository_issues",
        summary="A repository's issues",
        parameters=[IssuesParameters, *_HEADERS],
        responses={200: serializers.ListField(child=serializers.DictField()), **FAILURES},
        examples=[OpenApiExample("open ones", value=examples.ISSUES, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Issues by state, labels and time of change, kept for `GITHUB_TTL_ISSUES`."""
        return self.read(request, owner=owner, repo=repo)


class Workflows(_Read):
    resource = "workflows"

    @extend_schema(
        operation_id="github_repository_workflows",
        summary="A repository's workflows",
        parameters=[ReadParameters, *_HEADERS],
        responses={200: WorkflowSerializer(many=True), **FAILURES},
        examples=[OpenApiExample("workflows", value=examples.WORKFLOWS, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """GitHub Actions workflows, kept for `GITHUB_TTL_WORKFLOWS`."""
        return self.read(request, owner=owner, repo=repo)


class OrganizationRepositories(_Read):
    resource, parameters = "organization_repositories", PagesParameters

    @extend_schema(
        operation_id="github_organization_repositories",
        summary="An organisation's repositories",
        parameters=[PagesParameters, *_HEADERS],
        responses={200: RepositorySerializer(many=True), **FAILURES},
        examples=[OpenApiExample("one", value=[examples.REPOSITORY], response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, org: str) -> HttpResponse:
        """The repositories of an organisation that this caller may see, kept for `GITHUB_TTL_ORG_REPOS`."""
        return self.read(request, org=org)


class _Written(APIView):
    """Written through to GitHub; what it touches is invalidated before the answer goes out."""

    permission_classes = (Writes,)

    def write(
        self,
        request: Request,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        shown_as: Callable[[Mapping[str, Any]], Any] | None = None,
    ) -> HttpResponse:
        """GitHub's answer to a write; `shown_as` turns its body into our shape."""
        data = None if body is None else orjson.dumps(body)
        write = writing.Write(method, unquote(path), path, body=data)

        def forward() -> Served | Wait:
            answer = writing.forward(write, request.caller)
            if isinstance(answer, Wait) or answer.status >= 300 or shown_as is None:
                return answer
            return replace(answer, body=orjson.dumps(shown_as(answer.json())), gzipped=None, etag=None)

        return answers.answered(request, forward)


class Settings(_Written):
    @extend_schema(
        operation_id="github_repository_settings",
        summary="Change a repository's settings",
        request=SettingsSerializer,
        responses={200: RepositorySerializer, **FAILURES},
        examples=[OpenApiExample("a description", value={"description": "Our API"}, request_only=True)],
    )
    def patch(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Passed to GitHub's `PATCH /repos/{owner}/{repo}`; what is kept of the repository is asked for anew."""
        changes = _valid(SettingsSerializer, request)
        if not changes:
            raise Problem(400, "No setting was given: " + ", ".join(SettingsSerializer().fields) + ".")
        return self.write(request, "PATCH", _repository(owner, repo), changes, shown_as=repository_of_rest)


class Labels(_Written):
    @extend_schema(
        operation_id="github_label_create",
        summary="Create a label",
        request=NewLabelSerializer,
        responses={201: LabelSerializer, **FAILURES},
        examples=[OpenApiExample("a label", value=examples.NEW_LABEL, request_only=True)],
    )
    def post(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Passed to GitHub; the lists of labels that are kept are asked for anew."""
        label = _valid(NewLabelSerializer, request)
        return self.write(request, "POST", f"{_repository(owner, repo)}/labels", _renamed(label, "name"))


class Label(_Written):
    @extend_schema(
        operation_id="github_label_update",
        summary="Change a label",
        request=LabelChangesSerializer,
        responses={200: LabelSerializer, **FAILURES},
        examples=[OpenApiExample("another colour", value={"color": "ff0000"}, request_only=True)],
    )
    def patch(self, request: Request, owner: str, repo: str, label_name: str) -> HttpResponse:
        """Passed to GitHub; labels, issues and pull requests that are kept are asked for anew."""
        changes = _valid(LabelChangesSerializer, request)
        if not changes:
            raise Problem(400, "No change was given: label_name, color or description.")
        return self.write(request, "PATCH", _label(owner, repo, label_name), _renamed(changes, "new_name"))

    @extend_schema(
        operation_id="github_label_delete",
        summary="Delete a label",
        responses={204: OpenApiResponse(description="Deleted."), **FAILURES},
    )
    def delete(self, request: Request, owner: str, repo: str, label_name: str) -> HttpResponse:
        """Passed to GitHub; labels, issues and pull requests that are kept are asked for anew."""
        return self.write(request, "DELETE", _label(owner, repo, label_name), None)


class Invalidate(APIView):
    permission_classes = (Writes,)

    @extend_schema(
        operation_id="github_cache_invalidate",
        summary="Invalidate what is kept of a repository",
        request=None,
        responses={200: InvalidatedSerializer, **FAILURES},
        examples=[OpenApiExample("two entries", value=examples.INVALIDATED, response_only=True, status_codes=["200"])],
    )
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Whatever is asked of this repository next is asked of GitHub; unchanged things cost nothing there."""
        scope = _scope(request.caller.tenant, _repository(owner, repo))
        removed = invalidation.by_scope(request.caller.tenant, scope) if scope else invalidation.Removed()
        return Response(
            {"status": "success", "repository": f"{owner}/{repo}", "epochs": removed.epochs, "entries": removed.entries}
        )


def _scope(tenant: str, path: str) -> Scope | None:
    place = scoping.locate(tenant, match(path))
    return place.scope if place else None


def _controls(request: Request, *, use_cache: bool) -> Controls:
    if not use_cache:
        return Controls(no_cache=True)
    return freshness.controls(request.headers.get("Cache-Control", ""), request.headers.get("Pragma", ""))


def _check(named: Mapping[str, str]) -> None:
    try:
        if "owner" in named:
            _repository(named["owner"], named["repo"])
        else:
            paths.owner(named["org"])
    except BadCall as error:
        raise Problem(400, error.message) from error


def _repository(owner: str, repo: str) -> str:
    try:
        return paths.of_repository(owner, repo)
    except BadCall as error:
        raise Problem(400, error.message) from error


def _label(owner: str, repo: str, name: str) -> str:
    try:
        return f"{_repository(owner, repo)}/labels/{paths.segment(name)}"
    except BadCall as error:
        raise Problem(400, error.message) from error


def _valid(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _renamed(label: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Our `label_name` under the name that GitHub has for it."""
    return {name if field == "label_name" else field: value for field, value in label.items()}
