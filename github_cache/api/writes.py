"""What changes something under /api/v1/github: written through to GitHub, and what is kept of a repository dropped."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from github_cache import invalidation, scoping, writing
from github_cache.api import answers, examples
from github_cache.api.permissions import Tracks, Writes
from github_cache.api.problems import Problem
from github_cache.api.serializers import (
    InvalidatedSerializer,
    LabelChangesSerializer,
    LabelSerializer,
    NewLabelSerializer,
    RepositorySerializer,
    SettingsSerializer,
)
from github_cache.api.views import FAILURES
from github_cache.keys import Scope
from github_cache.resources import match
from github_cache.serving import Served
from github_cache.upstream import paths
from github_cache.upstream.errors import BadCall
from github_cache.upstream.shapes.repositories import repository_of_rest
from ratelimit.verdict import Wait


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
    permission_classes = (Tracks,)

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
