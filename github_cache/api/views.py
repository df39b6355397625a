"""The typed API: what GitHub says of a repository, by way of the cache, in one shape whichever API was asked."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from github_cache import asks, gateway, giving
from github_cache.api import answers, examples
from github_cache.api.permissions import ReadsGitHub
from github_cache.api.problems import Problem
from github_cache.api.serializers import (
    IssuesParameters,
    PagesParameters,
    ProblemSerializer,
    PullsParameters,
    ReadParameters,
    RepositorySerializer,
    WorkflowSerializer,
)
from github_cache.freshness import Controls
from github_cache.upstream import paths
from github_cache.upstream.errors import BadCall

_Get = TypeVar("_Get", bound=Callable[..., HttpResponse])
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


_OBJECTS = {"type": "array", "items": {"type": "object"}}


def _documented(
    operation_id: str, summary: str, answer: Any, example: Any, parameters: type[ReadParameters] = ReadParameters
) -> Callable[[_Get], _Get]:
    """What the OpenAPI document says of a read."""
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        parameters=[parameters],
        responses={200: answer, **FAILURES},
        examples=[OpenApiExample("an answer", value=example, response_only=True, status_codes=["200"])],
    )


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
        client = giving.controls(request) if wanted.pop("use_cache") else Controls(no_cache=True)
        params = named | {name: str(value) for name, value in wanted.items() if value not in (None, "")}
        ask = asks.typed(request.caller, self.resource, params, client)
        return answers.answered(request, lambda: gateway.read(ask))


class Info(_Read):
    resource = "repository"

    @_documented("github_repository_info", "A repository", RepositorySerializer, examples.REPOSITORY)
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """A repository as GitHub shows it to this caller, kept for `GITHUB_TTL_REPO`."""
        return self.read(request, owner=owner, repo=repo)


class Languages(_Read):
    resource = "languages"

    @_documented(
        "github_repository_languages",
        "A repository's languages",
        {"type": "object", "additionalProperties": {"type": "integer"}},
        examples.LANGUAGES,
    )
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Bytes of code by language, kept for `GITHUB_TTL_LANGUAGES`."""
        return self.read(request, owner=owner, repo=repo)


class Pulls(_Read):
    resource, parameters = "pulls", PullsParameters

    @_documented("github_repository_pulls", "A repository's pull requests", _OBJECTS, examples.PULLS, PullsParameters)
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Pull requests by state, kept for `GITHUB_TTL_PULLS`; `Link` leads to the next page."""
        return self.read(request, owner=owner, repo=repo)


class Issues(_Read):
    resource, parameters = "issues", IssuesParameters

    @_documented("github_repository_issues", "A repository's issues", _OBJECTS, examples.ISSUES, IssuesParameters)
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Issues by state, labels and time of change, kept for `GITHUB_TTL_ISSUES`."""
        return self.read(request, owner=owner, repo=repo)


class Workflows(_Read):
    resource = "workflows"

    @_documented(
        "github_repository_workflows", "A repository's workflows", WorkflowSerializer(many=True), examples.WORKFLOWS
    )
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """GitHub Actions workflows, kept for `GITHUB_TTL_WORKFLOWS`."""
        return self.read(request, owner=owner, repo=repo)


class OrganizationRepositories(_Read):
    resource, parameters = "organization_repositories", PagesParameters

    @_documented(
        "github_organization_repositories",
        "An organisation's repositories",
        RepositorySerializer(many=True),
        [examples.REPOSITORY],
        PagesParameters,
    )
    def get(self, request: Request, org: str) -> HttpResponse:
        """The repositories of an organisation that this caller may see, kept for `GITHUB_TTL_ORG_REPOS`."""
        return self.read(request, org=org)


def _check(named: Mapping[str, str]) -> None:
    try:
        if "owner" in named:
            paths.of_repository(named["owner"], named["repo"])
        else:
            paths.owner(named["org"])
    except BadCall as error:
        raise Problem(400, error.message) from error
