from django.apps import AppConfig


class GithubCacheConfig(AppConfig):
    """The cache, and the one door to GitHub."""

    name = "github_cache"
    verbose_name = "GitHub cache"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from github_cache import checks, condition, warm_up  # noqa: F401
        from github_cache.store import condition as _store_condition  # noqa: F401
