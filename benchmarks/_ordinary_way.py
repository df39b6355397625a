"""Facets the ordinary way: related rows, many-to-many with covering indexes, a COUNT with GROUP BY for each facet."""

from typing import Any

from django.db import connection, models
from django.db.models import Count

LINKS = ("triggers", "actions", "action_versions", "blueprints", "runners")


class NaiveValue(models.Model):
    name = models.CharField(max_length=255)

    class Meta:
        app_label = "benchmarks"


class NaiveRepository(models.Model):
    owner = models.CharField(max_length=255, db_index=True)
    licence = models.CharField(max_length=100, db_index=True)
    visibility = models.CharField(max_length=20, db_index=True)
    archived = models.BooleanField(db_index=True)
    fork = models.BooleanField(db_index=True)
    languages = models.ManyToManyField(NaiveValue, related_name="+")
    topics = models.ManyToManyField(NaiveValue, related_name="+")

    class Meta:
        app_label = "benchmarks"


class NaiveAutomation(models.Model):
    repository = models.ForeignKey(NaiveRepository, models.CASCADE)
    kind = models.CharField(max_length=20, db_index=True)
    name = models.TextField()
    pinned = models.BooleanField(null=True, db_index=True)
    triggers = models.ManyToManyField(NaiveValue, related_name="+")
    action_versions = models.ManyToManyField(NaiveValue, related_name="+")
    runners = models.ManyToManyField(NaiveValue, related_name="+")
    actions = models.ManyToManyField(NaiveValue, related_name="+")
    blueprints = models.ManyToManyField(NaiveValue, related_name="+")

    class Meta:
        app_label = "benchmarks"


def create_tables() -> None:
    """The ordinary tables: many-to-many, each link with covering indexes both ways."""
    with connection.schema_editor() as editor:
        for model in (NaiveValue, NaiveRepository, NaiveAutomation):
            editor.create_model(model)
    with connection.cursor() as cursor:
        for model, names in (
            (NaiveRepository, ("languages", "topics")),
            (NaiveAutomation, LINKS),
        ):
            owner = f"{model.__name__.lower()}_id"
            for name in names:
                table = getattr(model, name).through._meta.db_table
                cursor.execute(f"CREATE INDEX {table}_covering ON {table} (naivevalue_id, {owner})")


_NAIVE = {
    "kind": "kind",
    "trigger": "triggers__name",
    "action": "actions__name",
    "blueprint": "blueprints__name",
    "language": "repository__languages__name",
    "topic": "repository__topics__name",
    "action_version": "action_versions__name",
    "runner": "runners__name",
    "pinned": "pinned",
    "owner": "repository__owner",
    "licence": "repository__licence",
    "visibility": "repository__visibility",
    "archived": "repository__archived",
    "fork": "repository__fork",
}


def ordinary_facets(parameters: dict[str, list[str]]) -> dict[str, Any]:
    """The same answer by the ORM, with a query of its own for each facet that has values."""

    def chosen(besides: str | None = None) -> Any:
        rows = NaiveAutomation.objects.all()
        for name, values in parameters.items():
            if name != besides:
                rows = rows.filter(**{f"{_NAIVE[name]}__in": values})
        return rows

    answer: dict[str, Any] = {"total": chosen().distinct().count() if parameters else chosen().count()}
    for facet, path in _NAIVE.items():
        rows = NaiveAutomation.objects.filter(pk__in=chosen(facet).values("pk")) if parameters else chosen()
        counted = rows.exclude(**{path: None}).values_list(path).annotate(count=Count("pk", distinct=True))
        answer[facet] = list(counted.order_by("-count")[:21])
    return answer


def be_equal(ours: dict[str, Any], naive: dict[str, Any]) -> None:
    """Both ways must count alike, else the comparison means nothing."""
    if ours["total"] != naive["total"]:
        raise AssertionError(f"total: {ours['total']} and {naive['total']}")
    for facet in _NAIVE:
        mine = [item["count"] for item in ours["facets"][facet][:20] if item["count"]]
        if mine != [count for value, count in naive[facet] if value != ""][:20]:
            raise AssertionError(f"{facet}: {mine} and {naive[facet]}")
