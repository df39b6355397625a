"""What is done on a schedule about the house as a whole. Each task calls one function."""

from celery import shared_task
from django.utils import timezone

from config import health


@shared_task
def observe() -> None:
    """Sets the gauges of background work."""
    health.observe(timezone.now())
