from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Deliveries in, invalidation out."""

    name = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from stats import hearing
        from webhooks import health

        health.register()
        hearing.register(health.known_until)
