"""Runs the next job of the queue `cpu`: a supervisor that a test can kill or freeze.

python -m tests.workers.run_one
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")


def main() -> None:
    django.setup()
    from tests.workers import acting  # noqa: F401 registers the kind
    from webapp.jobs import services
    from workers import supervisor

    worker = services.announce(f"test:{os.getpid()}", queues=["cpu"], slots=1, facts={})
    supervisor.run_next("cpu", worker=worker)


if __name__ == "__main__":
    main()
