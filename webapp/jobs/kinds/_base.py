from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`name` is the value of `Job.kind`, `title` and `working` are words for people.

    What the job works for is a page called `page` with the link text `subject`, and in the API
    `route`. Within a team, jobs of a lower `turn` go first. Those that are `is_short` may take
    the slot that a worker keeps from long ones.
    """

    name: str
    title: str | Promise
    working: str | Promise  # while it runs
    subject: str | Promise
    page: str
    route: str
    place: int
    turn: int = 1
    is_short: bool = True
