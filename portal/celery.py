"""The Celery application: it only wakes workers; the outbox table holds the work."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def drop_a_broken_connection(**_sender: Any) -> None:
    """Before each task, what Django does before each request."""
    from django.db import close_old_connections

    close_old_connections()
