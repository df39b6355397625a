from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Carries the management commands that concern the whole house."""

    name = "config"
