"""What commands that take a while have in common."""

from django.core.management.base import BaseCommand


class ReportingCommand(BaseCommand):
    """A command that says what it does while it does it."""

    def report(self, line: str) -> None:
        """Write a line that is seen at once, also where the output goes to a pipe or a file."""
        self.stdout.write(line)
        self.stdout.flush()
