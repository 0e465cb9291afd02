"""`manage.py up`: start everything on this machine and keep it running."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from webapp.common.commands import ReportingCommand
from webapp.stack.stack import Stack, StackError, locked, stopped_in_order


class Command(ReportingCommand):
    """Postgres, broker, site, worker and housekeeper, until Ctrl-C."""

    help = "Start Postgres, broker, site and worker on this machine, and keep them running."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the site (default 8000)")
        parser.add_argument(
            "--slots",
            type=int,
            default=2,
            help="jobs that run at the same time, of which one is never a training",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stack = Stack(
            settings.VAR_DIR,
            port=options["port"],
            slots=options["slots"],
            say=lambda step, what: self.report(f"{step}: {what}"),
        )
        try:
            with locked(settings.VAR_DIR):
                self.run(stack)
        except (StackError, TimeoutError, RuntimeError) as error:
            raise CommandError(str(error)) from error

    def run(self, stack: Stack) -> None:
        with stopped_in_order(stack):
            stack.start()
            self.report(f"Iwakan is at {stack.address.site_url} (Ctrl-C stops it)")
            self.report(
                "First time here? In another terminal: "
                ".venv/bin/python manage.py create_owner --email you@example.org --team 'My team'"
            )
            stack.watch()
            self.report("Stopping …")
