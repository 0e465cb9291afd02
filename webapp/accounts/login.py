"""Checking passwords, ever more slowly for whoever guesses."""

import math
from datetime import timedelta
from typing import NoReturn

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import LoginTries, User
from webapp.accounts.secrets import hash_secret
from webapp.common import limits
from webapp.common.errors import TooManyTriesError, UserError

FREE_TRIES = 10
FIRST_PAUSE_SECONDS = 30  # doubles with each further try
LONGEST_PAUSE_SECONDS = 15 * 60
# Tries from browsers that nobody has logged in with before, in all and until the hour is over.
PERIOD_SECONDS = 3600
TRIES_PER_PERIOD = {"account": 60, "address": 300, "site": 6_000}
FORGET_AFTER = timedelta(days=1)


def check_password(*, email: str, password: str, address: str, device: str = "") -> User:
    """The person whom email and password name.

    Unknown people, wrong passwords and closed accounts get the same sentence after the
    same time: Django hashes the password in every case. Tries with one email from one
    `address`, or from a known `device`, are slowed; others are also counted together, so that
    guesses from many addresses, or at many people, are, too. Nobody's device is slowed by those.
    """
    key_hash = hash_secret(f"{device or address} {email.lower()}")
    if not device:
        _count_strangers(account=email.lower(), address=address, site="")
    _count_try(key_hash)
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        raise UserError(_("Email and password do not match."), code="wrong_credentials")
    LoginTries.objects.filter(pk=key_hash).delete()
    return user


def _count_strangers(**whose: str) -> None:
    for what, name in whose.items():
        n_tries = limits.count(f"login-{what}-{hash_secret(name)}", seconds=PERIOD_SECONDS)
        if n_tries > TRIES_PER_PERIOD[what]:
            _refuse(limits.seconds_left(PERIOD_SECONDS))


def _refuse(wait: int) -> NoReturn:
    raise TooManyTriesError(
        _("Too many wrong passwords. Try again in %(seconds)d seconds.") % {"seconds": wait},
        code="throttled",
        retry_after_seconds=wait,
    )


@transaction.atomic
def _count_try(key_hash: str) -> None:
    """Counted before the password is looked at, so that parallel guesses gain nothing."""
    LoginTries.objects.filter(last_at__lt=timezone.now() - FORGET_AFTER).delete()
    LoginTries.objects.bulk_create([LoginTries(pk=key_hash)], ignore_conflicts=True)
    tries = LoginTries.objects.select_for_update().get(pk=key_hash)
    wait = _seconds_to_wait(tries)
    if wait > 0:
        _refuse(wait)
    tries.count += 1
    tries.save()


def _seconds_to_wait(tries: LoginTries) -> int:
    if tries.count < FREE_TRIES:
        return 0
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (tries.count - FREE_TRIES), LONGEST_PAUSE_SECONDS)
    return math.ceil(pause - (timezone.now() - tries.last_at).total_seconds())
