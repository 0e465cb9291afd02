"""Faults of the user, as sentences. Anything else that is raised is an incident."""

from django.db import InterfaceError, OperationalError

# The database is away or overloaded: worth another try, so 503 and not 500.
DATABASE_AWAY = (OperationalError, InterfaceError)
RETRY_AFTER_SECONDS = 5


class UserError(Exception):
    """A refusal with one plain sentence for the person who caused it.

    `code` is stable and machine-readable; `field` names the form field or JSON pointer.
    """

    status_code = 422

    def __init__(
        self,
        sentence: str,
        *,
        code: str = "invalid",
        field: str = "",
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.field = field
        self.retry_after_seconds = retry_after_seconds


class ConflictError(UserError):
    """The object is in a state that does not allow this."""

    status_code = 409


class TooManyTriesError(UserError):
    """Refused for now, whatever the answer would have been."""

    status_code = 429
