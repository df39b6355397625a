"""/api/v1/rate-limits: what is left of GitHub's limits, whether that is well, and how it was."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from github_cache import limits
from github_cache.api import answers, examples
from github_cache.api.permissions import ReadsIndex, Tracks
from github_cache.api.problems import Problem
from github_cache.api.serializers import RateLimitsSerializer
from github_cache.api.views import FAILURES
from github_cache.proxy.quotas import together
from github_cache.upstream import calls, credentials
from github_cache.upstream.calls import AccountLimits
from github_cache.upstream.errors import UpstreamError
from ratelimit.governor import governor
from ratelimit.models import GitHubRateLimit
from ratelimit.quota import Quota
from ratelimit.verdict import Wait

LOW_SHARE = 0.1
"""Below this share of a limit its state is `low`."""


class _Refresh(serializers.Serializer[Any]):
    refresh = serializers.BooleanField(default=False, help_text="`true`: GitHub is asked, which costs nothing.")


class _HistoryParameters(serializers.Serializer[Any]):
    resource_type = serializers.CharField(required=False, max_length=40, help_text="core, search, graphql, …")
    hours = serializers.IntegerField(default=24, min_value=1, max_value=24 * 90)
    limit = serializers.IntegerField(default=500, min_value=1, max_value=5000)


class _Row(serializers.ModelSerializer[GitHubRateLimit]):
    percentage_used = serializers.FloatField()

    class Meta:
        model = GitHubRateLimit
        fields = ("resource_type", "limit", "remaining", "used", "percentage_used", "reset_at", "account_name",
                  "token_hash", "checked_at")  # fmt: skip


class _History(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    results = _Row(many=True)


class _Tracked(serializers.Serializer[Any]):
    status = serializers.CharField()
    rows = serializers.IntegerField()


class _Health(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=("healthy", "low", "exhausted", "unknown"))
    healthy = serializers.BooleanField()
    accounts = serializers.ListField(child=serializers.DictField())
    credentials = serializers.ListField(child=serializers.DictField())


class Status(APIView):
    permission_classes = (ReadsIndex,)

    @extend_schema(
        operation_id="rate_limits_status",
        summary="What is left of GitHub's limits",
        parameters=[_Refresh],
        responses={200: RateLimitsSerializer, **FAILURES},
        examples=[OpenApiExample("one account", value=examples.RATE_LIMITS, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request) -> Response:
        """Per bucket over all accounts, and per account by its name; out of the ledger."""
        given = _Refresh(data=request.query_params)
        given.is_valid(raise_exception=True)
        tenant = request.caller.tenant
        accounts = _asked(calls.rate_limit if given.validated_data["refresh"] else limits.told, tenant)
        return Response(
            {
                "status": "success",
                "rate_limits": _buckets(together(quota for account in accounts for quota in account.quotas).values()),
                "accounts": [{"name": account.name, "rate_limits": _buckets(account.quotas)} for account in accounts],
            }
        )


class Health(APIView):
    permission_classes = (ReadsIndex,)

    @extend_schema(
        operation_id="rate_limits_health",
        summary="Whether GitHub's limits leave room",
        responses={200: _Health, **FAILURES},
    )
    def get(self, request: Request) -> Response:
        """`exhausted` where no account has anything left of a bucket, `low` where a tenth or less; what rests, and
        why. Out of the ledger, without a call."""
        tenant, now = request.caller.tenant, time.time()
        accounts = limits.known(tenant)
        described = governor().describe([account.account for account in accounts], now)
        quotas = together(quota for account in accounts for quota in account.quotas).values()
        state = _state(quotas)
        return Response(
            {
                "status": state,
                "healthy": state in ("healthy", "unknown"),
                "accounts": [
                    {
                        "name": account.name,
                        "in_flight": described[account.account].in_flight,
                        "resting": [
                            {"bucket": rest.bucket, "why": rest.why.value, "until": _time(rest.until)}
                            for rest in described[account.account].resting
                        ],
                        "rate_limits": _buckets(account.quotas),
                    }
                    for account in accounts
                ],
                "credentials": [
                    {"name": each.name, "state": each.state, "reason": each.reason}
                    for each in credentials.health(tenant)
                ],
            }
        )


class History(APIView):
    permission_classes = (ReadsIndex,)

    @extend_schema(
        operation_id="rate_limits_history",
        summary="How GitHub's limits were",
        parameters=[_HistoryParameters],
        responses={200: _History, **FAILURES},
    )
    def get(self, request: Request) -> Response:
        """The readings of the tenant's credentials, the newest first."""
        given = _HistoryParameters(data=request.query_params)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        found_by = [limits.row_key(each.account, each.identity) for each in credentials.pool(request.caller.tenant)]
        rows = GitHubRateLimit.objects.filter(
            token_hash__in=found_by, checked_at__gte=timezone.now() - timedelta(hours=wanted["hours"])
        )
        if resource := wanted.get("resource_type"):
            rows = rows.filter(resource_type=resource)
        return Response({"total": rows.count(), "results": _Row(rows[: wanted["limit"]], many=True).data})


class Track(APIView):
    permission_classes = (Tracks,)

    @extend_schema(
        operation_id="rate_limits_track",
        summary="Write down what is left now",
        request=None,
        responses={201: _Tracked, **FAILURES},
    )
    def post(self, request: Request) -> Response:
        """Asks GitHub, which costs nothing, and adds a row per account and bucket to the history."""
        rows = _asked(lambda tenant: limits.record(tenant, timezone.now()), request.caller.tenant)
        return Response({"status": "success", "rows": rows}, status=201)


def _asked(ask: Any, tenant: str) -> Any:
    try:
        found = ask(tenant)
    except UpstreamError as error:
        raise Problem(error.status, error.message) from error
    if isinstance(found, Wait):
        raise answers.waiting(found)
    return found


def _buckets(quotas: Iterable[Quota]) -> dict[str, dict[str, Any]]:
    return {
        quota.bucket: {
            "limit": quota.limit,
            "remaining": max(0, quota.remaining),
            "reset": _time(quota.reset),
            "used": quota.used,
            "percentage_used": round(100 * quota.used / quota.limit, 2) if quota.limit else 0.0,
        }
        for quota in quotas
    }


def _time(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


def _state(quotas: Iterable[Quota]) -> str:
    shares = [max(0, quota.remaining) / quota.limit for quota in quotas if quota.limit]
    if not shares:
        return "unknown"
    return "exhausted" if min(shares) == 0 else "low" if min(shares) <= LOW_SHARE else "healthy"


__all__ = ["AccountLimits", "Health", "History", "Status", "Track"]
