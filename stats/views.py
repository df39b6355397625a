"""The HTTP face of the index: ``/api/v1/facets``, ``/search``, ``/stats``. A view reads parameters and sends bytes."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from github_cache.api.answers import response
from github_cache.api.permissions import ReadsIndex
from github_cache.api.problems import Problem
from github_cache.serving import Served
from stats import answers
from stats.counting import Audience
from stats.filters import MAX_LIMIT, MAX_PER_PAGE, SORTS, Parameters, QueryError, whole_number
from stats.serializers import (
    FACETS_EXAMPLE,
    SEARCH_EXAMPLE,
    STATISTICS_EXAMPLE,
    FacetsSerializer,
    FacetValuesSerializer,
    SearchSerializer,
    StatisticsSerializer,
    UnreadableFilesSerializer,
)
from stats.statistics import unreadable_files
from stats.vocabulary import FACETS

MAX_PAGE = 10_000


def _number(most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most}


_QUERY = [
    OpenApiParameter(
        "q",
        description='Words, "phrases", beginnings* and fields: `trigger:schedule -language:go checkout`.',
        examples=[OpenApiExample("words and fields", value="trigger:schedule action:actions/checkout@v4 -language:go")],
    ),
    *(
        OpenApiParameter(
            facet.name, many=True, description=f"{facet.title}; given twice it means either.", enum=facet.choices
        )
        for facet in FACETS.values()
    ),
]
_LIMIT = OpenApiParameter("limit", _number(MAX_LIMIT), description="Values of each facet; 20 unless told.")


class _Index(APIView):
    permission_classes = (ReadsIndex,)

    def answered(self, request: Request, answer: Callable[[str, Audience, Parameters], Served]) -> HttpResponse:
        """What `answer` makes of the caller's tenant, its audience and the parameters, with its headers, or 304; a
        query that cannot be read is a 400 that shows where."""
        caller = request.caller
        try:
            served = answer(caller.tenant, answers.audience_of(caller), dict(request.query_params.lists()))
        except QueryError as error:
            raise problem(error) from error
        return response(request, served)


class FacetsView(_Index):
    """Counts of every facet's values among what matches."""

    @extend_schema(
        operation_id="facets",
        summary="Facets with counts",
        parameters=[*_QUERY, _LIMIT],
        responses=FacetsSerializer,
        examples=[OpenApiExample("workflows on push", value=FACETS_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> HttpResponse:
        return self.answered(request, answers.facets_answer)


class FacetView(_Index):
    """The values of one facet, by their beginning."""

    @extend_schema(
        operation_id="facet_values",
        summary="Values of one facet",
        parameters=[
            *_QUERY,
            _LIMIT,
            OpenApiParameter("prefix", description="How a value, or its part after a slash, begins."),
        ],
        responses=FacetValuesSerializer,
    )
    def get(self, request: Request, facet: str) -> HttpResponse:
        try:
            return self.answered(
                request, lambda tenant, audience, given: answers.facet_answer(tenant, audience, facet, given)
            )
        except KeyError as error:
            raise exceptions.NotFound(error.args[0]) from error


class SearchView(_Index):
    """Repositories and automations that match, best or newest first."""

    @extend_schema(
        operation_id="search",
        summary="Search",
        parameters=[
            *_QUERY,
            OpenApiParameter("sort", enum=SORTS, description="By relevance where there is text, else newest first."),
            OpenApiParameter("page", _number(MAX_PAGE)),
            OpenApiParameter("per_page", _number(MAX_PER_PAGE), description=f"Up to {MAX_PER_PAGE}; 30 unless told."),
            OpenApiParameter("cursor", description="From `next`: goes on behind the last result, however far."),
        ],
        responses=SearchSerializer,
        examples=[OpenApiExample("one workflow", value=SEARCH_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> HttpResponse:
        return self.answered(request, answers.search_answer)


class StatisticsView(_Index):
    """Totals, the busiest values, unpinned actions, activity and growth."""

    @extend_schema(
        operation_id="stats",
        summary="Statistics",
        responses=StatisticsSerializer,
        examples=[OpenApiExample("an organisation", value=STATISTICS_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> HttpResponse:
        return self.answered(request, lambda tenant, audience, _: answers.statistics_answer(tenant, audience))


class UnreadableFilesView(_Index):
    """The files that were looked into and could not be read, with the reason of each."""

    @extend_schema(
        operation_id="unreadable_files",
        summary="Files that could not be read",
        parameters=[OpenApiParameter("page", _number(MAX_PAGE)), OpenApiParameter("per_page", _number(MAX_PER_PAGE))],
        responses=UnreadableFilesSerializer,
    )
    def get(self, request: Request) -> Response:
        caller = request.caller
        if answers.audience_of(caller) is not Audience.TENANT:
            raise exceptions.PermissionDenied("The list of unreadable files needs an API key.")
        given: dict[str, Any] = dict(request.query_params.lists())
        try:
            page = whole_number(given, "page", 1, MAX_PAGE)
            per_page = whole_number(given, "per_page", 30, MAX_PER_PAGE)
        except QueryError as error:
            raise problem(error) from error
        files = unreadable_files(caller.tenant).order_by("repository__full_name", "path")
        rows = files.values("repository__full_name", "path", "reason")[(page - 1) * per_page : page * per_page]
        shown = [
            {"repository": row["repository__full_name"], "path": row["path"], "reason": row["reason"]} for row in rows
        ]
        answer = {"total": files.count(), "page": page, "per_page": per_page, "files": shown}
        return HttpResponse(answers.orjson.dumps(answer), content_type="application/json")


def problem(error: QueryError) -> Problem:
    """A query that cannot be read, as a problem document that shows where."""
    return Problem(400, str(error), parameter=error.parameter, position=error.position, length=error.length)
