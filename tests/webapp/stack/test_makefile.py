"""What the targets of the Makefile run; they are read, not run."""

import shutil
import subprocess

import pytest
from django.conf import settings

from tests.conftest import skip_or_fail


def commands(*arguments: str) -> str:
    """What `make` would run, the set-up left out."""
    if shutil.which("make") is None:
        skip_or_fail("no make")
    dry = ["make", "--dry-run", "--no-print-directory", "--assume-old=.venv/.installed"]
    done = subprocess.run(
        [*dry, *arguments], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["up"], "manage.py up"),
        (["up", "PORT=8123"], "manage.py up --port 8123"),
        (["demo"], "manage.py demo"),
        (["demo", "PORT=8123"], "manage.py demo --port 8123"),
        (["demo", "EXIT=1"], "manage.py demo --exit"),
        (["demo", "PORT=8123", "EXIT=1"], "manage.py demo --port 8123 --exit"),
        (["clean"], "manage.py remove_data"),
        (["clean", "YES=1"], "manage.py remove_data --no-input"),
    ],
)
def test_target_runs(arguments: list[str], command: str) -> None:
    ran = commands(*arguments).strip()

    assert " ".join(ran.split()).endswith(f"python {command}")


def test_setup_says_what_it_does_before_it_does_it() -> None:
    """Also how far it is: pip is not told to be quiet."""
    ran = commands("setup", "VENV=.missing")
    steps = ["Setting up, 1 of 2", "-m venv", "Setting up, 2 of 2", "bin/pip install"]

    places = [ran.index(step) for step in steps]

    assert places == sorted(places)
    assert "--quiet" not in ran
