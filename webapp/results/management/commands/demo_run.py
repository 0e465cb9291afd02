"""`manage.py demo_run`: the demo's story on a stack that is already running."""

import time
from typing import Any

from django.core.management.base import CommandError

from webapp.common.commands import ReportingCommand
from webapp.common.errors import UserError
from webapp.results import demo


class Command(ReportingCommand):
    """Generated dataset, import, training, scoring, evaluation."""

    help = "Import a generated dataset and train, score and evaluate a run on it."

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            address = demo.run_demo(self.report)
        except UserError as error:
            raise CommandError(error.sentence) from error
        self.report(f"Finished in {time.monotonic() - started:.0f} s. Open this page:")
        self.report(f"\n    {address}\n")
