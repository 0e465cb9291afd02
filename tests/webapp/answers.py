"""What is answered to whom, as the permission matrix says it."""

from dataclasses import dataclass
from typing import Any

PEOPLE = ("stranger", "viewer", "member", "maintainer", "owner")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Status codes to the people in the order of PEOPLE, and to those who are nobody yet.

    Over REST, a token with scope submit answers as its person unless that takes scope manage,
    one with scope read only to GET, and an owner's token of another team as that owner.
    """

    people: tuple[int, int, int, int, int]
    anonymous: int | None = None  # None: the login wall, or 401 over REST
    is_for_tokens: bool = True
    takes_manage: bool = False


def all_people(status: int, **others: Any) -> Answers:
    """About oneself, or nobody's secret."""
    return Answers(people=(status,) * 5, **others)


def of_team(viewer: int, member: int) -> Answers:
    """Of one team: a stranger finds nothing."""
    return Answers(people=(404, viewer, member, member, member))


PUBLIC = all_people(200, anonymous=200)
OWN = all_people(200)
READ = of_team(200, 200)
# Nobody else's may be deleted by a member, and this is in use.
HELD = Answers(people=(404, 403, 403, 409, 409), takes_manage=True)
