from django.apps import AppConfig


class StatsConfig(AppConfig):
    """The index and every number."""

    name = "stats"
    verbose_name = "Index and statistics"

    def ready(self) -> None:
        from stats import checks, listening  # noqa: F401
