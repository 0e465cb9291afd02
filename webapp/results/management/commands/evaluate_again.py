"""Evaluates what this version of the evaluator has not evaluated yet."""

from typing import Any

from django.core.management.base import BaseCommand

from webapp.results.services import evaluate_missing


class Command(BaseCommand):
    help = "Compute the numbers that are missing, as after an upgrade; old ones are kept."

    def handle(self, *args: Any, **options: Any) -> None:
        n = evaluate_missing()
        self.stdout.write(f"{n} evaluations were made.")
