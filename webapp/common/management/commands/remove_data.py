"""`manage.py remove_data`: remove the embedded database and everything that refers to it."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from webapp.common.commands import ReportingCommand
from webapp.stack import outside, removal
from webapp.stack.stack import StackError, locked


class Command(ReportingCommand):
    """The counterpart of `manage.py up`: what that made is gone afterwards."""

    help = (
        "Remove the embedded database, its media, logs and keys, and what lies for them outside "
        "the checkout. Videos stay."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-input", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        home = settings.VAR_DIR
        if os.environ.get("DATABASE_URL"):
            raise CommandError(
                "DATABASE_URL names a database of your own, which may refer to the files in "
                f"{home}. Unset it to remove the embedded database."
            )
        if not removal.stored(home):
            self.report(f"There are no embedded data in {home}.")
            return
        try:
            with locked(home):
                self.remove(asks=not options["no_input"])
        except (StackError, OSError) as error:
            raise CommandError(str(error)) from error

    def remove(self, *, asks: bool) -> None:
        home = settings.VAR_DIR
        self.report("All datasets, runs, scores and accounts of this installation are in")
        for path in removal.stored(home):
            self.report(f"    {path}")
        if asks and not _is_yes("Remove them? [y/N] "):
            raise CommandError("Nothing was removed.")
        for path in removal.remove(home):
            self.report(f"Removed {path}")
        if home.exists():
            self.report(f"Kept {', '.join(sorted(map(str, home.iterdir())))}")
        for folder, owner in outside.left_behind():
            self.report(f"{folder} belongs to {owner}, which is gone: remove it by hand")


def _is_yes(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False
