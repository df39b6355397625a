"""Celery's part: a bell, and what is done on a schedule. Each task calls one function."""

from celery import Task, shared_task

from webhooks import processing


@shared_task(bind=True, max_retries=None)
def process(self: Task, event_id: int) -> None:
    """A delivery waits."""
    seconds = processing.answer_bell(event_id)
    if seconds is not None:
        raise self.retry(countdown=seconds)


@shared_task
def sweep() -> None:
    """Finds deliveries whose bell was lost, or whose time has come again."""
    processing.run()
