"""Creating once, however often the request arrives."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from psycopg.errors import LockNotAvailable
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from ml.records import hash_of
from webapp.accounts.models import ApiToken
from webapp.api.authentication import caller
from webapp.api.models import IdempotentAnswer
from webapp.common.errors import ConflictError, UserError

HEADER = "Idempotency-Key"
MAX_LENGTH = 200
KEPT_FOR = timedelta(hours=24)
PATIENCE_SECONDS = 10

PARAMETER = OpenApiParameter(
    HEADER,
    location=OpenApiParameter.HEADER,
    description="Any text of yours. The same key and body give the first answer again for "
    "24 hours, marked Idempotency-Replayed; another body under the key is refused with 422.",
)


def answer_once(request: Request, create: Callable[[], Response]) -> Response:
    """What `create` answers, or what it answered to the same key before.

    Key, created rows and answer are stored in one transaction. Whoever brings the same key
    meanwhile waits for its end: either it finds the answer, or nothing happened and it is
    the first itself.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return create()
    if len(key) > MAX_LENGTH:
        raise UserError(f"{HEADER}: at most {MAX_LENGTH} characters.", code="key_too_long")
    with transaction.atomic():
        answer, is_first = _claim(request, key)
        if is_first:
            return _keep(answer, create())
    if answer.request_hash != _hash(request):
        raise UserError(
            f"This {HEADER} was used for another request. Take a new key.", code="key_reused"
        )
    headers = answer.headers | {"Idempotency-Replayed": "true"}
    return Response(json.loads(answer.body), status=answer.status_code, headers=headers)


def _claim(request: Request, key: str) -> tuple[IdempotentAnswer, bool]:
    answers = IdempotentAnswer.objects.filter(user=caller(request))
    answers.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    try:
        _wait_at_most(f"'{PATIENCE_SECONDS}s'")
        claimed = answers.get_or_create(
            user=caller(request), key=key, defaults={"request_hash": _hash(request)}
        )
        _wait_at_most("DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise ConflictError(
                "The first request with this key is still being worked on.",
                code="key_in_use",
                retry_after_seconds=PATIENCE_SECONDS,
            ) from error
        raise
    return claimed


def _wait_at_most(timeout: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {timeout}")


def _hash(request: Request) -> str:
    team_id = request.auth.team_id if isinstance(request.auth, ApiToken) else ""
    data = request.data
    if isinstance(data, bytes):  # a file is the whole body, and the query says what it is
        data = hashlib.sha256(data).hexdigest()
    return hash_of([request.method, request.get_full_path(), team_id, data])


def _keep(answer: IdempotentAnswer, response: Response) -> Response:
    answer.status_code = response.status_code
    names = ("Location", "Retry-After")
    answer.headers = {name: response[name] for name in names if response.has_header(name)}
    answer.body = JSONRenderer().render(response.data).decode()
    answer.save()
    return response
