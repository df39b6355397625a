from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Carries the management commands that concern the whole house, and what is known of background work."""

    name = "config"
    verbose_name = "Background work"

    def ready(self) -> None:
        from config import health, heartbeats, worker_metrics  # noqa: F401  (two listen to Celery)

        health.register()
