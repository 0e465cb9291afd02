"""`manage.py demo`: everything from an empty machine to a finished page."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from webapp.common.commands import ReportingCommand
from webapp.common.demo_steps import numbered
from webapp.stack import processes
from webapp.stack.stack import PROJECT, Stack, StackError, locked, stopped_in_order

USUAL_PORT = 8000


class Command(ReportingCommand):
    """Start the stack, run the main job on a generated dataset, serve the result."""

    help = "Start everything, import a generated dataset, train, score, and show the result."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="of the site; 8000 or a free one")
        parser.add_argument("--exit", action="store_true", help="stop when the run has ended")

    def handle(self, *args: Any, **options: Any) -> None:
        stack = Stack(
            settings.VAR_DIR,
            port=options["port"] or _usual_or_free_port(),
            say=lambda step, what: self.report(numbered(step, what)),
        )
        try:
            with locked(settings.VAR_DIR):
                self.run(stack, is_exiting=options["exit"])
        except (StackError, TimeoutError, RuntimeError) as error:
            raise CommandError(str(error)) from error

    def run(self, stack: Stack, *, is_exiting: bool) -> None:
        with stopped_in_order(stack):
            self.report("A demo of about a minute on two cores, longer on a busy machine.")
            stack.start()
            # A process of its own, because this one read its settings before there was a stack.
            story = subprocess.run(
                [sys.executable, "manage.py", "demo_run"],
                cwd=PROJECT,
                env=os.environ | {"IWAKAN_VAR": str(settings.VAR_DIR)},
                check=False,
            )
            if story.returncode != 0:
                raise StackError("The demo run did not succeed; the reason stands above.")
            if not is_exiting:
                self.report("Serving until Ctrl-C.")
                stack.watch()
            self.report("Stopping …")


def _usual_or_free_port() -> int:
    return processes.free_port() if processes.is_listening(USUAL_PORT) else USUAL_PORT
