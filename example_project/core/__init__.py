"""The shop."""

# So that tasks made with @shared_task find the application.
from core.celery import app as celery_app

__all__ = ["celery_app"]
