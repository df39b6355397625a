"""The shapes of the index's answers, for the API's description. The answers themselves are sent as bytes."""

from rest_framework import serializers

from stats.search import RANKED_UP_TO
from stats.vocabulary import KINDS


class CountSerializer(serializers.Serializer):
    value = serializers.CharField()
    count = serializers.IntegerField(help_text="Automations; a repository's facet counts its automations.")


class ChoiceSerializer(CountSerializer):
    selected = serializers.BooleanField()


class QuerySerializer(serializers.Serializer):
    """The query as it was understood."""

    text = serializers.ListField(child=serializers.CharField())
    without_text = serializers.ListField(child=serializers.CharField())
    filters = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    without = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class FacetsSerializer(serializers.Serializer):
    total = serializers.IntegerField()
    generation = serializers.IntegerField(help_text="How often the index has changed.")
    query = QuerySerializer()
    facets = serializers.DictField(child=ChoiceSerializer(many=True))
    more = serializers.DictField(child=serializers.IntegerField(), help_text="Further values, by facet.")


class FacetValuesSerializer(serializers.Serializer):
    facet = serializers.CharField()
    prefix = serializers.CharField()
    total = serializers.IntegerField()
    generation = serializers.IntegerField()
    query = QuerySerializer()
    values = ChoiceSerializer(many=True)
    more = serializers.IntegerField()


class ResultSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField()
    description = serializers.CharField(allow_null=True)
    repository = serializers.CharField(help_text="Full name.")
    visibility = serializers.CharField()
    archived = serializers.BooleanField()
    languages = serializers.ListField(child=serializers.CharField())
    topics = serializers.ListField(child=serializers.CharField())
    pushed_at = serializers.DateTimeField(allow_null=True)
    path = serializers.CharField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)
    url = serializers.URLField(allow_null=True)
    triggers = serializers.ListField(child=serializers.CharField())
    actions = serializers.ListField(child=serializers.CharField())
    blueprint = serializers.CharField(allow_null=True)
    blueprints = serializers.ListField(child=serializers.CharField())
    pinned = serializers.BooleanField(allow_null=True)
    highlights = serializers.DictField(child=serializers.CharField(), help_text="HTML; all but <mark> is escaped.")


class SearchSerializer(serializers.Serializer):
    query = QuerySerializer()
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    per_page = serializers.IntegerField()
    sort = serializers.CharField(help_text=f"The order in force: more than {RANKED_UP_TO:,} hits are not ranked.")
    next = serializers.URLField(allow_null=True)
    generation = serializers.IntegerField()
    results = ResultSerializer(many=True)


class LanguageSerializer(CountSerializer):
    bytes = serializers.IntegerField()


class ActivitySerializer(serializers.Serializer):
    days = serializers.IntegerField()
    repositories = serializers.IntegerField(help_text="Pushed to within so many days.")


class DaySerializer(serializers.Serializer):
    day = serializers.DateField()
    repositories = serializers.IntegerField()
    automations = serializers.IntegerField()


class StatisticsSerializer(serializers.Serializer):
    repositories = serializers.IntegerField()
    automations = serializers.IntegerField()
    by_kind = serializers.DictField(child=serializers.IntegerField())
    languages = LanguageSerializer(many=True)
    triggers = CountSerializer(many=True)
    actions = CountSerializer(many=True)
    blueprints = CountSerializer(many=True)
    pinned = serializers.DictField(child=serializers.IntegerField())
    unpinned_actions = CountSerializer(many=True)
    activity = ActivitySerializer(many=True)
    growth = DaySerializer(many=True)
    unreadable_files = serializers.IntegerField(allow_null=True)
    last_updated = serializers.DateTimeField(allow_null=True)
    generation = serializers.IntegerField()


class UnreadableFileSerializer(serializers.Serializer):
    repository = serializers.CharField()
    path = serializers.CharField()
    reason = serializers.CharField()


class UnreadableFilesSerializer(serializers.Serializer):
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    per_page = serializers.IntegerField()
    files = UnreadableFileSerializer(many=True)


_QUERY_EXAMPLE = {"text": ["ci"], "without_text": [], "filters": {"trigger": ["push"]}, "without": {}}
FACETS_EXAMPLE = {
    "total": 812,
    "generation": 17,
    "query": _QUERY_EXAMPLE,
    "facets": {"trigger": [{"value": "push", "count": 700, "selected": True}]},
    "more": {"action": 1523},
}
SEARCH_EXAMPLE = {
    "query": _QUERY_EXAMPLE,
    "total": 1,
    "page": 1,
    "per_page": 30,
    "sort": "relevance",
    "next": None,
    "generation": 17,
    "results": [
        {
            "kind": "github_actions",
            "name": "CI",
            "description": None,
            "repository": "acme/api",
            "visibility": "public",
            "archived": False,
            "languages": ["Go"],
            "topics": [],
            "pushed_at": "2026-11-20T12:00:00Z",
            "path": ".github/workflows/ci.yml",
            "line": 1,
            "url": "https://github.com/acme/api/blob/main/.github/workflows/ci.yml#L1",
            "triggers": ["push"],
            "actions": ["actions/checkout@v4"],
            "blueprint": None,
            "blueprints": [],
            "pinned": False,
            "highlights": {"name": "<mark>CI</mark>"},
        }
    ],
}
STATISTICS_EXAMPLE = {
    "repositories": 500,
    "automations": 5000,
    "by_kind": {"github_actions": 5000},
    "languages": [{"value": "Go", "bytes": 120_000, "count": 2100}],
    "triggers": [{"value": "push", "count": 3900}],
    "actions": [{"value": "actions/checkout", "count": 4700}],
    "blueprints": [],
    "pinned": {"false": 4100, "true": 600},
    "unpinned_actions": [{"value": "actions/checkout@v4", "count": 4100}],
    "activity": [{"days": 7, "repositories": 83}],
    "growth": [{"day": "2026-11-20", "repositories": 499, "automations": 4990}],
    "unreadable_files": 2,
    "last_updated": "2026-11-21T02:00:00Z",
    "generation": 17,
}
