"""Makes the first owner of a team and prints the link to log in with."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from webapp.accounts import services


class Command(BaseCommand):
    help = "Make an owner and their team, or a new login link for an owner that exists."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--team", required=True, help="name of the team")
        parser.add_argument("--name", default="", help="how the person is called on the pages")

    def handle(self, *, email: str, team: str, name: str, **options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is not an email address") from error
        user = services.create_owner(email=email, team_name=team, name=name)
        self.stdout.write(f"{user} owns {team}. This link logs in once, within 24 hours:")
        self.stdout.write(services.create_login_link(user=user))
