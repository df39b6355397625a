"""/api/v1/admin/cache: clears and figures, for staff or a key with the admin scope."""

import logging
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from github_cache import clearing, figures
from github_cache.api.permissions import Administers
from github_cache.api.problems import Problem
from github_cache.api.serializers import ClearedSerializer, ClearSerializer
from github_cache.api.views import FAILURES
from github_cache.upstream.errors import BadCall

logger = logging.getLogger("hubcache.clearing")


class _Outcomes(serializers.Serializer[Any]):
    hits = serializers.IntegerField()
    misses = serializers.IntegerField()
    hit_rate = serializers.FloatField(allow_null=True)
    outcomes = serializers.DictField(child=serializers.IntegerField())


class _OfKind(serializers.Serializer[Any]):
    hits = serializers.IntegerField()
    misses = serializers.IntegerField()
    sets = serializers.IntegerField()
    bytes = serializers.IntegerField(help_text="Of all entries that were stored.")
    deletes = serializers.IntegerField()
    evictions = serializers.IntegerField(help_text="Of answers that a process repeats; the store has its own figure.")
    ttl_seconds = serializers.IntegerField(allow_null=True, help_text="For how long an entry is kept, on average.")
    read_ms = serializers.FloatField(allow_null=True, help_text="How long a read took, on average, repeats left out.")


class _Statistics(serializers.Serializer[Any]):
    tenant = serializers.CharField()
    store = serializers.DictField()
    scopes = serializers.IntegerField()
    reads = _Outcomes()
    kinds = serializers.DictField(child=_OfKind())


class Clear(APIView):
    permission_classes = (Administers,)

    @extend_schema(
        operation_id="admin_cache_clear",
        summary="Clear the cache",
        request=ClearSerializer,
        responses={200: ClearedSerializer, **FAILURES},
    )
    def post(self, request: Request) -> Response:
        """Everything of the tenant, one organisation, one repository, one kind of either, or one URL; says how many
        entries went. It is logged."""
        given = ClearSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        caller = request.caller
        try:
            cleared = clearing.clear(caller.tenant, **given.validated_data)
        except clearing.Unknown as error:
            raise Problem(404, str(error)) from error
        except BadCall as error:
            raise Problem(400, error.message) from error
        except ValueError as error:
            raise Problem(400, str(error)) from error
        logger.warning(
            "the cache was cleared",
            extra={
                "tenant": caller.tenant,
                "by": f"{caller.kind} {caller.identity[:12]}",
                "what": cleared.what,
                "entries": cleared.removed.entries,
            },
        )
        return Response(
            {
                "status": "success",
                "cleared": cleared.what,
                "epochs": cleared.removed.epochs,
                "entries": cleared.removed.entries,
            }
        )


class Statistics(APIView):
    permission_classes = (Administers,)

    @extend_schema(
        operation_id="admin_cache_stats", summary="Figures of the cache", responses={200: _Statistics, **FAILURES}
    )
    def get(self, request: Request) -> Response:
        """Reads by outcome since the processes started, all figures by kind, what is kept, and how the store does."""
        return Response(figures.of(request.caller.tenant))
