"""Tenants, credentials and API keys in the admin. Secrets go in and never come out; a key is shown once.

Rows are listed without their secrets, so that a wrong encryption key hides nothing; it only stops what needs the
secret itself.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from github_cache import identity, invalidation
from github_cache.models import ApiKey, Credential, PendingInvalidation, Tenant
from github_cache.upstream import credentials
from ratelimit.admin import ReadOnly


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin):
    list_display = ("slug", "name", "created_at")
    search_fields = ("slug", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def delete_model(self, request: HttpRequest, obj: Tenant) -> None:
        invalidation.by_tenant(obj.slug)
        super().delete_model(request, obj)
        identity.forget_keys()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        for tenant in queryset:
            self.delete_model(request, tenant)


_WHAT_IT_SEES = frozenset({"tenant", "kind", "app_id", "installation_id", "active", "new_secret"})
"""Where one of these changes, a credential is another one; only its name and whether it is pinned are left."""


class CredentialForm(forms.ModelForm):
    """A secret is asked for once; later an empty field keeps it."""

    new_secret = forms.CharField(
        label="Secret",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text="The token, or the App's private key as PEM text. Never shown again; empty keeps what is there.",
    )

    class Meta:
        model = Credential
        fields = ("tenant", "name", "kind", "app_id", "installation_id", "pinned", "active")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.instance.pk is None and not given.get("new_secret"):
            self.add_error("new_secret", "A credential needs its secret.")
        if given.get("kind") == Credential.Kind.APP and not given.get("app_id"):
            self.add_error("app_id", "Name the App whose key this is.")
        return given


@admin.register(Credential)
class CredentialAdmin(admin.ModelAdmin):
    form = CredentialForm
    list_display = ("name", "tenant", "kind", "pinned", "active", "standing", "created_at")
    list_filter = ("tenant", "kind", "active")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        return super().get_queryset(request).defer("secret")

    @admin.display(description="at GitHub")
    def standing(self, row: Credential) -> str:
        if not row.active:
            return "not used"
        found = [each for each in credentials.health(row.tenant_id) if f"{each.name} ".startswith(f"{row.name} ")]
        return "; ".join(f"{each.state} {each.reason}".strip() for each in found) or "not used yet"

    def save_model(self, request: HttpRequest, obj: Credential, form: Any, change: bool) -> None:
        if secret := form.cleaned_data["new_secret"]:
            obj.secret = secret.strip()
        # A deferred secret is left alone by save().
        super().save_model(request, obj, form, change)
        _changed(obj.tenant_id)
        if change and form.initial["active"] and not _WHAT_IT_SEES.isdisjoint(form.changed_data):
            invalidation.by_tenant(form.initial["tenant"])

    def delete_model(self, request: HttpRequest, obj: Credential) -> None:
        super().delete_model(request, obj)
        _revoked(obj.tenant_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        tenants = set(queryset.values_list("tenant_id", flat=True))
        super().delete_queryset(request, queryset)
        for tenant in tenants:
            _revoked(tenant)


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple, initial=[ApiKey.Scope.READ]
    )

    class Meta:
        model = ApiKey
        fields = ("tenant", "name", "scopes", "requests_per_window", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """A new key is shown on the page that answers its making, and nowhere else."""

    form = ApiKeyForm
    list_display = ("name", "tenant", "shown_prefix", "scopes", "state", "expires_at", "last_used_at", "created_at")
    list_filter = ("tenant",)
    search_fields = ("name", "prefix")
    actions = ("revoke",)

    @admin.display(description="key")
    def shown_prefix(self, row: ApiKey) -> str:
        return f"{row.prefix}…"

    @admin.display(description="state")
    def state(self, row: ApiKey) -> str:
        if row.revoked_at:
            return f"revoked {row.revoked_at:%Y-%m-%d %H:%M}"
        return "expired" if row.expires_at and row.expires_at <= timezone.now() else "usable"

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return ("tenant", "shown_prefix", "state", "last_used_at", "created_at") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """A key is revoked, and its row stays as a record."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            identity.forget_keys()
            return
        made, key = ApiKey.create(obj.tenant, obj.name, form.cleaned_data["scopes"], obj.expires_at)
        made.requests_per_window = obj.requests_per_window
        made.save(update_fields=["requests_per_window"])
        obj.__dict__.update(made.__dict__)
        request.new_api_key = key

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        shown = {
            **self.admin_site.each_context(request),
            "title": "API key",
            "opts": self.opts,
            "row": obj,
            "key": request.new_api_key,
        }
        return TemplateResponse(request, "admin/github_cache/apikey/made.html", shown)

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """Asks first, on a page of its own."""
        keys = list(queryset.filter(revoked_at=None))
        if not keys:
            self.message_user(request, "These keys are revoked already.", messages.WARNING)
            return None
        if "confirmed" not in request.POST:
            shown = {**self.admin_site.each_context(request), "title": "Revoke?", "opts": self.opts, "keys": keys}
            return TemplateResponse(request, "admin/github_cache/apikey/revoke.html", shown)
        for key in keys:
            key.revoke()
            self.log_change(request, key, "Revoked.")
        for tenant in {key.tenant_id for key in keys}:
            invalidation.callers_changed(tenant)
        identity.forget_keys()
        self.message_user(request, f"{len(keys)} revoked.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:github_cache_apikey_changelist"))


@admin.register(PendingInvalidation)
class PendingInvalidationAdmin(ReadOnly):
    list_display = ("tenant", "scope", "created_at")


def _changed(tenant: str) -> None:
    """The pool is read anew, and no answer that was given before is repeated."""
    credentials.forget()
    invalidation.callers_changed(tenant)


def _revoked(tenant: str) -> None:
    """All that the tenant holds goes, not to be served even while GitHub fails: not every entry tells which of the
    tenant's credentials fetched it."""
    credentials.forget()
    invalidation.by_tenant(tenant)
