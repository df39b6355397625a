"""The API of configurations and deliveries: /api/v1/webhooks/configs and /events. A caller sees its own tenant's."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, pagination, serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from github_cache.api.permissions import ManagesWebhooks
from github_cache.api.problems import Problem
from github_cache.upstream.errors import UpstreamError
from ratelimit.verdict import Wait
from webhooks import configurations, github_hooks, replaying
from webhooks.configurations import HookNotManaged
from webhooks.models import WebhookConfig, WebhookEvent
from webhooks.replaying import NotReplayable
from webhooks.serializers import (
    ConfigSerializer,
    EventDetailSerializer,
    EventFilterSerializer,
    EventSerializer,
)

T = TypeVar("T")
_NAMES = {"repository": "repository_full_name", "since": "received_at__gte", "until": "received_at__lt"}
_LARGEST_ID = 2**63 - 1


class _Flag(serializers.Serializer[None]):
    register = serializers.BooleanField(default=False)
    compare = serializers.BooleanField(default=False)


class Configs(generics.ListCreateAPIView[WebhookConfig]):
    """List configurations, or make one; with `register` its hook at GitHub too."""

    permission_classes = (ManagesWebhooks,)
    serializer_class = ConfigSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[WebhookConfig]:
        return _configs(self.request)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "tenant": _tenant(self.request)}

    def perform_create(self, serializer: serializers.BaseSerializer[WebhookConfig]) -> None:
        fields = {**serializer.validated_data, "tenant_id": _tenant(self.request)}
        make = configurations.create_registered if fields.pop("register") else configurations.create
        serializer.instance = _at_github(lambda: make(fields))


class Config(generics.RetrieveUpdateDestroyAPIView[WebhookConfig]):
    """One configuration. `?compare=true` shows how its hook at GitHub differs; `?register=true` deletes that too."""

    permission_classes = (ManagesWebhooks,)
    serializer_class = ConfigSerializer
    http_method_names = ("get", "patch", "delete", "head", "options")

    def get_queryset(self) -> QuerySet[WebhookConfig]:
        configs = _configs(self.request)
        return configs if self.request.method in ("GET", "HEAD") else configs.defer(None)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        config = self.get_object()
        shown = self.get_serializer(config).data
        if _flag(request, "compare"):
            if not config.webhook_id:
                raise Problem(409, "The ID of this configuration's hook at GitHub is not known.")
            compared = _at_github(lambda: github_hooks.compare(config))
            if isinstance(compared, Wait):
                raise Problem(503, "GitHub's limit does not allow this now.", retry_after=int(compared.seconds) + 1)
            shown = {**shown, "github": compared}
        return Response(shown)

    def perform_update(self, serializer: serializers.BaseSerializer[WebhookConfig]) -> None:
        fields = dict(serializer.validated_data)
        register = fields.pop("register", False)
        config = self.get_object()
        register = register and not config.registered
        change = configurations.change_registered if register else configurations.change
        serializer.instance = _at_github(lambda: change(config, fields, timezone.now()))

    def perform_destroy(self, instance: WebhookConfig) -> None:
        remove = configurations.remove_registered if _flag(self.request, "register") else configurations.remove
        _at_github(lambda: remove(instance))


class _Pages(pagination.CursorPagination):
    """Pages newest first, by a cursor out of `next` and `previous`."""

    ordering = "-id"
    page_size = 30
    page_size_query_param = "per_page"
    max_page_size = 100

    def decode_cursor(self, request: Request) -> Any:
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            known = cursor.position.isascii() and cursor.position.isdecimal()
            if not known or int(cursor.position) > _LARGEST_ID:
                raise NotFound(self.invalid_cursor_message)
        return cursor


class Events(generics.ListAPIView[WebhookEvent]):
    """List deliveries, newest first."""

    permission_classes = (ManagesWebhooks,)
    serializer_class = EventSerializer
    pagination_class = _Pages

    @extend_schema(parameters=[EventFilterSerializer])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[WebhookEvent]:
        given = EventFilterSerializer(data=self.request.query_params)
        given.is_valid(raise_exception=True)
        wanted = {_NAMES.get(name, name): value for name, value in given.validated_data.items()}
        wanted.pop("per_page", None)  # the pages' own
        processed = wanted.pop("processed", None)
        events = _events(self.request).filter(**wanted)
        state = WebhookEvent.State.PROCESSED
        if processed is not None:
            events = events.filter(state=state) if processed else events.exclude(state=state)
        return events.defer("body", "body_digest", "headers", "touched", "result")


class Event(generics.RetrieveAPIView[WebhookEvent]):
    """One delivery: its payload, what it touched and removed, and what was fetched again."""

    permission_classes = (ManagesWebhooks,)
    serializer_class = EventDetailSerializer

    def get_queryset(self) -> QuerySet[WebhookEvent]:
        return _events(self.request)


class Replay(APIView):
    """Run a delivery again."""

    permission_classes = (ManagesWebhooks,)

    @extend_schema(
        request=None, responses={202: EventDetailSerializer}, parameters=[OpenApiParameter("id", int, "path")]
    )
    def post(self, request: Request, pk: int) -> Response:
        event = generics.get_object_or_404(_events(request).select_related("config"), pk=pk)
        try:
            replaying.replay(event, timezone.now())
        except NotReplayable as error:
            raise Problem(error.status, str(error)) from None
        return Response(EventDetailSerializer(event).data, status=202)


def _tenant(request: Request) -> str:
    return request.caller.tenant


def _configs(request: Request) -> QuerySet[WebhookConfig]:
    return WebhookConfig.objects.filter(tenant_id=_tenant(request)).defer("secret", "previous_secret")


def _events(request: Request) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(tenant_id=_tenant(request))


def _flag(request: Request, name: str) -> bool:
    flags = _Flag(data=request.query_params)
    flags.is_valid(raise_exception=True)
    return flags.validated_data[name]


def _at_github(act: Callable[[], T]) -> T:
    """What GitHub says no to, or cannot be asked, becomes a problem document."""
    try:
        return act()
    except HookNotManaged as error:
        raise Problem(503, str(error), retry_after=error.retry_after) from None
    except UpstreamError as error:
        status = error.status if error.status >= 500 else 422
        raise Problem(status, f"GitHub: {error.message}", github_status=error.status) from None
