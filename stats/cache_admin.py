"""The admin's page of the cache: its figures and charts, and the clears, which ask first and are logged.

Whoever may see the page has `stats.view_cache`; whoever may clear, `stats.delete_cache`.
"""

import itertools
import time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from github_cache import clearing, figures
from github_cache.models import Tenant
from github_cache.resources import KINDS
from github_cache.upstream.errors import BadCall
from ratelimit.admin import ReadOnly
from stats import charts, reports
from stats.report_rows import Cache

_KIND_CHOICES = [("", "every kind"), *((name, name) for name in sorted({kind for _, kind in KINDS}))]
_WHAT = (
    ("everything", "everything of the tenant"),
    ("organization", "one organisation"),
    ("repository", "one repository"),
    ("kind", "one kind of resource"),
    ("url", "one URL"),
)


class ClearForm(forms.Form):
    """What is to be cleared."""

    tenant = forms.ModelChoiceField(Tenant.objects, empty_label=None)
    what = forms.ChoiceField(choices=_WHAT, label="Clear")
    name = forms.CharField(
        required=False,
        max_length=4096,
        help_text="The organisation, the repository as OWNER/NAME, or the URL.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    kind = forms.ChoiceField(choices=_KIND_CHOICES, required=False, label="Kind of resource")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        what, name, kind = given.get("what"), given.get("name", ""), given.get("kind", "")
        if what in ("organization", "repository", "url") and not name:
            self.add_error("name", "Say which one.")
        if what in ("everything", "kind") and name:
            self.add_error("name", "Leave this empty, or choose what it names.")
        if what == "kind" and not kind:
            self.add_error("kind", "Choose a kind.")
        if what in ("everything", "url") and kind:
            self.add_error("kind", "A kind goes with an organisation, a repository, or by itself.")
        return given

    def described(self) -> str:
        """What would go, in words."""
        given = self.cleaned_data
        thing = given["name"] or f"tenant {given['tenant'].slug}"
        return f"{given['kind']} of {thing}" if given["kind"] else f"everything of {thing}"

    def clear(self) -> clearing.Cleared:
        """Does it. Raises what `clearing.clear` raises."""
        given = self.cleaned_data
        named = {given["what"]: given["name"]} if given["name"] else {}
        return clearing.clear(given["tenant"].slug, kind=given["kind"], **named)


@admin.register(Cache)
class CacheAdmin(ReadOnly):
    """The page stands where the list of rows would."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view
        return [
            path("", page(self.changelist_view), name="stats_cache_changelist"),
            path("clear", page(self.clear_view), name="stats_cache_clear"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        tenants = list(Tenant.objects.all()) or [Tenant(slug=settings.HUBCACHE_TENANT)]
        tenant = next((each for each in tenants if each.slug == request.GET.get("tenant")), tenants[0])
        now = time.time()
        hour, day = reports.last_hour(tenant.slug, now), reports.last_day(tenant.slug, now)
        of_hour = dict(hour.kinds)
        samples = reports.samples_of_the_day(now)
        shown = {
            **self.admin_site.each_context(request),
            "title": "Cache",
            "opts": self.opts,
            "tenants": tenants,
            "tenant": tenant,
            "figures": figures.of(tenant.slug),
            "spans": [
                ("last hour", "by five minutes", hour, _bars(hour)),
                ("last day", "by hour", day, _bars(day)),
            ],
            "kinds": [(kind, of_hour.get(kind, reports.Reads()), reads) for kind, reads in day.kinds],
            "by_tenant": reports.tenants_of_the_day(now),
            "lines": _lines(samples),
            "evicted": sum(
                max(0, after.evicted_keys - before.evicted_keys) for before, after in itertools.pairwise(samples)
            ),
            "width": charts.WIDTH,
            "height": charts.HEIGHT,
            "form": ClearForm(initial={"tenant": tenant.slug}),
            "may_clear": self.has_delete_permission(request),
        }
        return TemplateResponse(request, "admin/stats/cache/page.html", shown)

    def clear_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks; POST with `confirmed` does it, says how much went, and logs it."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        form = ClearForm(request.POST if request.method == "POST" else request.GET)
        if form.is_valid() and request.method == "POST":
            try:
                cleared = form.clear()
            except BadCall as error:
                form.add_error("name", error.message)
            except ValueError as error:
                form.add_error(None, str(error))
            else:
                told = (
                    f"Cleared {cleared.what}: {cleared.removed.entries} entries deleted, "
                    f"{cleared.removed.epochs} kinds of things are asked for anew."
                )
                tenant = form.cleaned_data["tenant"].slug
                self._log_clear(request, tenant, told)
                self.message_user(request, told, messages.SUCCESS)
                return HttpResponseRedirect(f"{reverse('admin:stats_cache_changelist')}?tenant={tenant}")
        shown = {**self.admin_site.each_context(request), "title": "Clear the cache?", "opts": self.opts, "form": form}
        return TemplateResponse(request, "admin/stats/cache/clear.html", shown, status=200 if form.is_valid() else 400)

    def _log_clear(self, request: HttpRequest, tenant: str, told: str) -> None:
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(Cache, for_concrete_model=False),
            object_id=tenant,
            object_repr=f"cache of {tenant}",
            action_flag=DELETION,
            change_message=told,
        )


def _bars(report: reports.Report) -> list[charts.Bar]:
    return charts.bars([(at, reads.held, reads.asked) for at, reads in report.steps])


def _lines(samples: list[Any]) -> list[tuple[str, str, int]]:
    """Name, points and last value of what was sampled."""
    if len(samples) < 2:
        return []
    return [
        (title, charts.line([getattr(sample, name) for sample in samples]), getattr(samples[-1], name))
        for title, name in (("Keys", "keys"), ("Memory, bytes", "memory_bytes"))
    ]
