"""The web pages: search with facets, one repository, and the live state. Rendered here; htmx only swaps parts of them.

A page shows what the API answers to the same caller, and adds the links.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from github_cache import figures
from github_cache import health as registry
from github_cache.caller import Caller
from stats import github_limits, health, hearing, reports, snapshots
from stats.answers import audience_of
from stats.counting import Audience
from stats.exposition import for_operators
from stats.facets import facets
from stats.filters import QueryError, parse_paging, parse_query
from stats.loading import automation_doc
from stats.models import IndexedFile, Organization, Repository, SyncRun
from stats.results import results
from stats.search import search as find
from stats.vocabulary import FACETS, facet_named

OPEN_FACETS = ("kind", "trigger", "action", "language")
VALUES_SHOWN = 10
AUTOMATIONS_SHOWN = 500
KIND_LABELS = {"github_actions": "workflow", "home_assistant": "Home Assistant", "repository": "repository"}
_PAGING = ("page", "per_page", "sort", "cursor")


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`/`: a search box, facets with counts, results with marks and links. Takes the parameters of the search API."""
    caller = _reader(request)
    if caller is None:
        return _refused(request)
    shown: dict[str, Any] = {"text": request.GET.get("q", "")}
    status = 200
    try:
        shown |= _found(caller, request.GET)
    except QueryError as error:
        status = 400
        shown["error"] = f"{error} ({error.parameter}, from character {error.position + 1})."
    return _whole_or_part(request, "site/search.html", "site/found.html", shown, status)


@require_safe
def repository(request: HttpRequest, owner: str, name: str) -> HttpResponse:
    """One repository: what is known of it, its automations, and the files that could not be read."""
    caller = _reader(request)
    if caller is None:
        return _refused(request)
    rows = Repository.objects.named(str(caller.tenant), f"{owner}/{name}")
    if audience_of(caller) is Audience.PUBLIC:
        rows = rows.filter(is_private=False)
    row = rows.first()
    if row is None:
        missing = {"title": "Not in the index", "detail": f"There is no repository {owner}/{name} in the index."}
        return render(request, "site/refused.html", missing, status=404)
    numbers = row.automations.order_by("path", "line").values_list("pk", flat=True)[:AUTOMATIONS_SHOWN]
    size = sum(row.languages.values()) or 1
    languages = [
        {"name": language, "bytes": count, "percent": round(100 * count / size, 1)}
        for language, count in sorted(row.languages.items(), key=lambda item: -item[1])
    ]
    shown: dict[str, Any] = {
        "repository": row,
        "languages": languages,
        "automations": results([automation_doc(number) for number in numbers], ()),
        "count": row.automations.count(),
        "unreadable": row.files.exclude(reason="").order_by("path"),
    }
    return render(request, "site/repository.html", shown)


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """`/status`: how each part does, what is indexed, how far a sync has come. htmx asks for the inner part again."""
    caller = _reader(request)
    if caller is None:
        return _refused(request)
    tenant = str(caller.tenant)
    now = time.time()
    snapshot = snapshots.current(tenant)
    shown = {
        "parts": health.examine(registry.registered(), now),
        "detailed": for_operators(request),
        "index": {
            "repositories": snapshot.repositories,
            "automations": snapshot.automations,
            "unreadable": IndexedFile.objects.filter(repository__tenant_id=tenant).exclude(reason="").count(),
        },
        "organizations": list(_organizations(tenant)),
        "accounts": github_limits.accounts(tenant, now),
        "store": figures.of_store(),
        "spans": [("last hour", reports.last_hour(tenant, now)), ("last day", reports.last_day(tenant, now))],
    }
    return _whole_or_part(request, "site/status.html", "site/state.html", shown, 200)


def _organizations(tenant: str) -> Iterator[dict[str, Any]]:
    """Each organisation with its last sync, how old what is known of its repositories is, and up to when that is
    believed to be all."""
    rows = list(Organization.objects.filter(tenant_id=tenant).order_by("login"))
    runs = SyncRun.latest(rows)
    repositories = Repository.objects.filter(tenant_id=tenant, removed_at=None).values("owner")
    known = {row["owner"].lower(): row for row in repositories.annotate(count=Count("pk"), oldest=Min("observed_at"))}
    known_until = hearing.known_until(tenant)
    for row in rows:
        about = known.get(row.login.lower(), {})
        yield {
            "login": row.login,
            "synced_at": row.synced_at,
            "run": runs.get(row.pk),
            "repositories": about.get("count", 0),
            "oldest": about.get("oldest"),
            "known_until": known_until.get(row.login.lower()),
        }


def _whole_or_part(request: HttpRequest, whole: str, part: str, shown: dict[str, Any], status: int) -> HttpResponse:
    """The page, or its moving part alone where htmx asks for that."""
    htmx = request.htmx
    shown["part"] = bool(htmx) and not htmx.history_restore_request
    response = render(request, part if shown["part"] else whole, shown, status=status)
    patch_vary_headers(response, ["HX-Request"])
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _found(caller: Caller, parameters: QueryDict) -> dict[str, Any]:
    """Everything that the search page shows below its box. Raises QueryError."""
    lists = dict(parameters.lists())
    query = parse_query(_given(lists), besides=_PAGING)
    paging = parse_paging(_given(lists), query)
    snapshot = snapshots.current(str(caller.tenant))
    audience = audience_of(caller)
    counted = facets(snapshot, query, audience, VALUES_SHOWN)
    answer = find(snapshot, query, paging, audience)
    last = paging.page * paging.per_page >= answer["total"]
    chosen = list(_chosen(parameters))
    return {
        "facets": list(_facet_lists(parameters, counted["facets"], counted["more"])),
        "chosen": [(name, value) for name, value, _ in chosen],
        "chosen_filters": [{"name": name, "value": value, "url": url} for name, value, url in chosen],
        "clear_url": _url(parameters, {name: [] for name, _, _ in chosen}),
        "total": answer["total"],
        "first": (paging.page - 1) * paging.per_page + 1,
        "results": [_result(result) for result in answer["results"]],
        "indexed": snapshot.repositories > 0,
        "previous_url": _url(parameters, {"page": [str(paging.page - 1)]}) if paging.page > 1 else "",
        "next_url": "" if last else _url(parameters, {"page": [str(paging.page + 1)]}),
    }


def _given(lists: Mapping[str, list[Any]]) -> dict[str, list[str]]:
    """The parameters without those that a form sent empty."""
    return {name: values for name, given in lists.items() if (values := [str(value) for value in given if value])}


def _facet_lists(
    parameters: QueryDict, lists: Mapping[str, list[dict[str, Any]]], more: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    for name, values in lists.items():
        if not values:
            continue
        links = [{**value, "url": _toggled(parameters, name, value["value"])} for value in values]
        is_open = name in OPEN_FACETS or any(value["selected"] for value in values)
        yield {"name": name, "label": FACETS[name].title, "values": links, "more": more.get(name, 0), "open": is_open}


def _chosen(parameters: QueryDict) -> Iterator[tuple[str, str, str]]:
    """Name and value of each filter in force, and the address of the page without it."""
    for name, values in parameters.lists():
        if facet_named(name):
            for value in values:
                yield name, str(value), _url(parameters, {name: [other for other in values if other != value]})


def _toggled(parameters: QueryDict, name: str, value: str) -> str:
    chosen = [str(item) for item in parameters.getlist(name)]
    kept = [item for item in chosen if item.casefold() != value.casefold()]
    return _url(parameters, {name: kept if len(kept) < len(chosen) else [*chosen, value]})


def _url(parameters: QueryDict, changes: Mapping[str, list[Any]]) -> str:
    changed = parameters.copy()
    changed.pop("page", None)
    for name, values in changes.items():
        changed.setlist(name, values)
    return f"{reverse('search-page')}?{changed.urlencode()}"


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    owner, _, name = result["repository"].partition("/")
    marks = result["highlights"]
    return {
        **result,
        # Highlights are escaped but for their marks; a name without one is escaped by the template.
        "title": mark_safe(marks["name"]) if "name" in marks else result["name"],  # noqa: S308
        "description": mark_safe(marks["description"]) if "description" in marks else result["description"],  # noqa: S308
        "kind_label": KIND_LABELS[result["kind"]],
        "repository_url": reverse("repository-page", args=(owner, name)),
        "more_actions": max(0, len(result["actions"]) - 6),
    }


def _reader(request: HttpRequest) -> Caller | None:
    """The caller, where it may read the index of a tenant."""
    caller: Caller = request.caller
    return caller if caller.tenant and caller.kind != "token" and "read" in caller.scopes else None


def _refused(request: HttpRequest) -> HttpResponse:
    shown = {
        "title": "Sign in to search",
        "detail": "The index belongs to its organisation: sign in, or send an API key with the scope “read”.",
        "sign_in": True,
    }
    response = render(request, "site/refused.html", shown, status=401)
    response.headers["WWW-Authenticate"] = 'Bearer realm="hubcache"'
    return response
