"""The admin's view: configurations, whose secrets go in and never come out, and deliveries, which can be run again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from webhooks import configurations, replaying
from webhooks.models import WebhookConfig, WebhookEvent
from webhooks.replaying import NotReplayable
from webhooks.serializers import SHORTEST_SECRET


class ConfigForm(forms.ModelForm):
    """A secret is asked for once; later an empty field keeps it, and another one rotates it."""

    new_secret = forms.CharField(
        label="Secret", required=False, min_length=SHORTEST_SECRET, strip=False, widget=forms.PasswordInput
    )

    class Meta:
        model = WebhookConfig
        fields = (
            "tenant",
            "target",
            "repository",
            "repository_id",
            "organization",
            "organization_id",
            "webhook_id",
            "webhook_url",
            "events",
            "active",
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.instance.pk is None and not given.get("new_secret"):
            self.add_error("new_secret", "A configuration without a secret is refused.")
        named = {"repository": given.get("repository"), "organization": given.get("organization"), "tenant": True}
        if not named.get(given.get("target", "")):
            self.add_error("target", "Name the repository or organisation that it is for.")
        return given


@admin.register(WebhookConfig)
class WebhookConfigAdmin(admin.ModelAdmin):
    """Configurations."""

    form = ConfigForm
    list_display = (
        "id",
        "tenant",
        "target",
        "name",
        "active",
        "registered",
        "last_delivery_at",
        "checked_at",
        "reconciled_at",
    )
    list_filter = ("tenant", "target", "active")
    search_fields = ("repository", "organization")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookConfig]:
        return super().get_queryset(request).defer("secret", "previous_secret")

    def save_model(self, request: HttpRequest, obj: WebhookConfig, form: Any, change: bool) -> None:
        secret = form.cleaned_data["new_secret"]
        if not change:
            obj.secret = secret
            super().save_model(request, obj, form, change)
            return
        fields = {name: form.cleaned_data[name] for name in form.changed_data if name != "new_secret"}
        kept = WebhookConfig.objects.get(pk=obj.pk)
        configurations.change(kept, {**fields, **({"secret": secret} if secret else {})}, timezone.now())


@admin.register(WebhookEvent)
class WebhookEventAdmin(admin.ModelAdmin):
    """Deliveries: nothing can be edited, all can be run again."""

    list_display = ("id", "event_type", "action", "repository_full_name", "state", "attempts", "received_at", "error")
    list_filter = ("state", "event_type", "received_at", "tenant")
    search_fields = ("delivery_id", "repository_full_name")
    actions = ("replay",)
    exclude = ("body", "body_digest")
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        return (
            super()
            .get_queryset(request)
            .select_related("config")
            .defer("config__secret", "config__previous_secret", "body")
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Run again")
    def replay(self, request: HttpRequest, events: QuerySet[WebhookEvent]) -> None:
        begun = 0
        for event in events:
            try:
                replaying.replay(event, timezone.now())
                begun += 1
            except NotReplayable as error:
                self.message_user(request, f"{event.delivery_id}: {error}", messages.WARNING)
        self.message_user(request, f"{begun} deliveries are run again.")
