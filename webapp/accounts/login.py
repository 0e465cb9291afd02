"""Checking passwords, ever more slowly for whoever guesses."""

import math
from datetime import timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import LoginTries, User
from webapp.accounts.secrets import hash_secret
from webapp.common.errors import TooManyTriesError, UserError

FREE_TRIES = 10
FIRST_PAUSE_SECONDS = 30  # doubles with each further try
LONGEST_PAUSE_SECONDS = 15 * 60
FORGET_AFTER = timedelta(days=1)


def check_password(*, email: str, password: str, address: str) -> User:
    """The person whom email and password name.

    Unknown people, wrong passwords and closed accounts get the same sentence after the
    same time: Django hashes the password in every case.
    """
    key_hash = hash_secret(f"{address} {email.lower()}")
    _count_try(key_hash)
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        raise UserError(_("Email and password do not match."), code="wrong_credentials")
    LoginTries.objects.filter(pk=key_hash).delete()
    return user


@transaction.atomic
def _count_try(key_hash: str) -> None:
    """Counted before the password is looked at, so that parallel guesses gain nothing."""
    LoginTries.objects.filter(last_at__lt=timezone.now() - FORGET_AFTER).delete()
    LoginTries.objects.bulk_create([LoginTries(pk=key_hash)], ignore_conflicts=True)
    tries = LoginTries.objects.select_for_update().get(pk=key_hash)
    wait = _seconds_to_wait(tries)
    if wait > 0:
        raise TooManyTriesError(
            _("Too many wrong passwords. Try again in %(seconds)d seconds.") % {"seconds": wait},
            code="throttled",
            retry_after_seconds=wait,
        )
    tries.count += 1
    tries.save()


def _seconds_to_wait(tries: LoginTries) -> int:
    if tries.count < FREE_TRIES:
        return 0
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (tries.count - FREE_TRIES), LONGEST_PAUSE_SECONDS)
    return math.ceil(pause - (timezone.now() - tries.last_at).total_seconds())
