"""Name, looks, language and password of a person."""

import pytest
from django.test import Client

from webapp.accounts.models import User

PROFILE = {"name": "Alice B.", "theme": "dark", "language": "en"}


def test_profile_saved(as_alice: Client, alice: User) -> None:
    as_alice.post("/profile", PROFILE)

    alice.refresh_from_db()
    assert (alice.name, alice.theme, alice.language) == ("Alice B.", "dark", "en")


def test_profile_language_goes_before_the_browsers(as_alice: Client) -> None:
    User.objects.update(language="ja")

    page = as_alice.get("/profile", headers={"accept-language": "ko"}).content.decode()

    assert '<html lang="ja"' in page


@pytest.mark.parametrize("fault", [{"theme": "pink"}, {"language": "tlh"}, {"name": ""}])
def test_profile_fault_changes_nothing(
    as_alice: Client, alice: User, fault: dict[str, str]
) -> None:
    assert as_alice.post("/profile", PROFILE | fault).status_code == 200

    assert User.objects.get(pk=alice.pk).name == "Alice"


def test_profile_takes_no_other_field(as_alice: Client, alice: User) -> None:
    as_alice.post("/profile", PROFILE | {"email": "x@example.org", "is_active": ""})

    assert User.objects.get(pk=alice.pk).email == alice.email
    assert User.objects.get(pk=alice.pk).is_active


def test_password_needs_the_old_one(as_alice: Client) -> None:
    page = as_alice.post("/profile/password", {"old": "wrong", "new": "seven purple lamps"})

    assert "The old password is wrong." in page.content.decode()


def test_password_first_one_needs_no_old_one(as_alice: Client, alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    as_alice.force_login(alice)

    as_alice.post("/profile/password", {"new": "seven purple lamps"})

    assert User.objects.get(pk=alice.pk).check_password("seven purple lamps")


def test_password_too_common(as_alice: Client) -> None:
    form = {"old": "correct horse battery", "new": "1234567890"}

    assert "too common" in as_alice.post("/profile/password", form).content.decode()
