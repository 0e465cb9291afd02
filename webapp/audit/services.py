"""The one function by which services say what they have changed."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Model

from webapp.audit.models import AuditEvent

MAX_NAME_LENGTH = 200


def record(
    act: AuditEvent.Act,
    subject: Model | str,
    *,
    team: Any,
    by: Any,
    name: str = "",
    **details: Any,
) -> AuditEvent:
    """Keep that `by`, a person or None for the site itself, has done `act` to `subject`.

    A subject that is no more is named by its id and `name`. Inside the transaction of the change
    alone: either both are stored or neither. Details that are None are left out.
    """
    assert connection.in_atomic_block, f"{act} is recorded outside the transaction that does it"
    token = getattr(by, "api_token", None)
    return AuditEvent.objects.create(
        team=team,
        user=by,
        user_name=str(by)[:120] if by else "",
        user_email=by.email if by else "",
        token_id=token.pk if token else "",
        token_name=token.name if token else "",
        act=act,
        subject_id=str(subject.pk if isinstance(subject, Model) else subject),
        subject_name=(name or str(subject))[:MAX_NAME_LENGTH],
        details={key: value for key, value in details.items() if value is not None},
    )
