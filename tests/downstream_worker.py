"""A Celery worker with the SDK as it is; see ``downstream.py``."""

import os

import sentry_sdk
from celery import Celery

# In the worker only: who enqueues has the SDK of the project.
if "WORKER_DSN" in os.environ:
    sentry_sdk.init(os.environ["WORKER_DSN"], traces_sample_rate=1.0)

app = Celery("downstream", broker=os.environ["BROKER_URL"])


@app.task
def work():
    """Does nothing."""


@app.task
def last():
    """Is enqueued after all others."""
