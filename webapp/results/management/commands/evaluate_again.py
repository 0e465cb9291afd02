"""Evaluates what this version of the evaluator has not evaluated yet."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import ngettext

from webapp.results.scores.evaluation_jobs import submit_missing


class Command(BaseCommand):
    help = "Compute the numbers that are missing, as after an upgrade; old ones are kept."

    def handle(self, *args: Any, **options: Any) -> None:
        n = submit_missing()
        sentence = ngettext(
            "%d run is evaluated by the workers now.",
            "%d runs are evaluated by the workers now.",
            n,
        )
        self.stdout.write(sentence % n)
