"""Configurations and deliveries as the API shows them. A secret goes in and never comes out."""

from typing import Any

from rest_framework import serializers

from github_cache.resources import kinds_of
from stats.models import Repository
from webhooks.affects import Touched
from webhooks.github_events import EVERY, KNOWN
from webhooks.models import WebhookConfig, WebhookEvent
from webhooks.payloads import NotAPayload

SHORTEST_SECRET = 8
_LARGEST_ID = 2**63 - 1


class Secret(serializers.CharField):
    """Text as it was given: a number would be another text to whoever signs with it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ConfigSerializer(serializers.ModelSerializer[WebhookConfig]):
    """One repository (by `repository` or `repository_id`) or one organisation, a secret, and events."""

    repository = serializers.RegexField(r"^([A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100})?$", required=False)
    organization = serializers.RegexField(r"^([A-Za-z0-9-]{1,100})?$", required=False)
    repository_id = serializers.IntegerField(min_value=1, max_value=_LARGEST_ID, required=False, allow_null=True)
    organization_id = serializers.IntegerField(min_value=1, max_value=_LARGEST_ID, required=False, allow_null=True)
    webhook_url = serializers.URLField(max_length=500, required=False)
    secret = Secret(
        write_only=True,
        min_length=SHORTEST_SECRET,
        max_length=500,
        trim_whitespace=False,
        help_text="Never shown again.",
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(sorted(KNOWN | {EVERY})), allow_empty=False, required=False
    )
    register = serializers.BooleanField(write_only=True, default=False, help_text="Make the hook at GitHub too.")

    class Meta:
        model = WebhookConfig
        fields = (
            "id",
            "target",
            "repository",
            "repository_id",
            "organization",
            "organization_id",
            "webhook_id",
            "webhook_url",
            "secret",
            "events",
            "active",
            "register",
            "registered",
            "last_delivery_at",
            "checked_at",
            "reconciled_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = (
            "id",
            "target",
            "webhook_id",
            "registered",
            "last_delivery_at",
            "checked_at",
            "reconciled_at",
        )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Exactly one repository or organisation; where an ID alone is given, its name is looked up in the index."""
        for name in ("repository_id", "organization_id"):
            if given.get(name, 0) is None:
                del given[name]
        repository = {"repository", "repository_id"} & given.keys()
        organization = {"organization", "organization_id"} & given.keys()
        if self.instance is not None:
            if repository or organization:
                raise serializers.ValidationError("What a configuration is for cannot be changed: make another one.")
            return given
        if bool(repository) == bool(organization):
            raise serializers.ValidationError("Give either repository (or repository_id) or organization (or its ID).")
        given["target"] = WebhookConfig.For.REPOSITORY if repository else WebhookConfig.For.ORGANIZATION
        given.setdefault("events", [EVERY])
        if repository and "repository" not in given:
            known = Repository.objects.filter(tenant_id=self.context["tenant"], github_id=given["repository_id"])
            given["repository"] = known.values_list("full_name", flat=True).first() or ""
        if given["register"] and not (given.get("repository") or given.get("organization")):
            raise serializers.ValidationError("register needs the name of the repository or organisation.")
        return given


class EventSerializer(serializers.ModelSerializer[WebhookEvent]):
    """A delivery in a list. `processed` tells whether all that it touched was worked off."""

    config_id = serializers.IntegerField()
    processed = serializers.SerializerMethodField()
    parked = serializers.BooleanField()

    class Meta:
        model = WebhookEvent
        fields: tuple[str, ...] = (
            "id",
            "config_id",
            "delivery_id",
            "event_type",
            "action",
            "repository_full_name",
            "state",
            "processed",
            "processed_at",
            "error",
            "received_at",
            "attempts",
            "next_try_at",
            "parked",
        )

    def get_processed(self, event: WebhookEvent) -> bool:
        return event.state == WebhookEvent.State.PROCESSED


class EventDetailSerializer(EventSerializer):
    """A delivery with what it carried, touched, removed and had fetched again."""

    payload = serializers.SerializerMethodField()
    removed = serializers.SerializerMethodField()
    refetched = serializers.SerializerMethodField()
    indexed = serializers.SerializerMethodField()

    class Meta(EventSerializer.Meta):
        fields = (*EventSerializer.Meta.fields, "headers", "touched", "removed", "refetched", "indexed", "payload")

    def get_payload(self, event: WebhookEvent) -> dict[str, Any] | None:
        try:
            return event.payload()
        except NotAPayload:
            return None

    def get_removed(self, event: WebhookEvent) -> dict[str, int]:
        later = event.result.get("removed", {}).get("entries", 0)
        touched = Touched.of_json(event.touched)
        of_kinds = sum(map(len, touched.kinds.values()))
        of_purged = sum(len(kinds_of(scope.kind)) for scope in touched.purged)
        return {"epochs": of_kinds + of_purged, "entries": event.entries_removed + later}

    def get_refetched(self, event: WebhookEvent) -> dict[str, int]:
        return event.result.get("refetched", {})

    def get_indexed(self, event: WebhookEvent) -> dict[str, str]:
        return event.result.get("indexed", {})


class EventFilterSerializer(serializers.Serializer[None]):
    """The filters of the list of deliveries."""

    event_type = serializers.CharField(required=False, max_length=100)
    action = serializers.CharField(required=False, max_length=100)
    repository = serializers.CharField(required=False, max_length=201, help_text="owner/name")
    state = serializers.ChoiceField(WebhookEvent.State.choices, required=False)
    processed = serializers.BooleanField(required=False, allow_null=True, default=None)
    since = serializers.DateTimeField(required=False, help_text="Received at this time or later.")
    until = serializers.DateTimeField(required=False, help_text="Received before this time.")
    delivery_id = serializers.CharField(required=False, max_length=100)
    config_id = serializers.IntegerField(required=False, min_value=1, max_value=_LARGEST_ID)
    per_page = serializers.IntegerField(required=False, min_value=1, max_value=100, help_text="30 unless told.")
