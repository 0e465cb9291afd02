"""What the broker's messages call."""

from workers import lifecycle, supervisor
from workers.celery import app


@app.task
def run_next(queue: str) -> None:
    node = lifecycle.node()
    supervisor.run_next(queue, worker=node.row, is_stopping=node.is_stopping)
