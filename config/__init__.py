"""Wires everything; imported by no other package."""

from config.celery import app as celery_app

__all__ = ("celery_app",)
