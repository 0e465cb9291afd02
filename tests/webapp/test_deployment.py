"""A lab's installation starts safe or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

PRODUCTION = {
    "IWAKAN_SECRET_KEY": "7Vx0-qLr4mZpYb81nTc_eWg5sKd2hUjA9oRfXt3vQiC6yNwE0lBaMzPk",
    "IWAKAN_ALLOWED_HOSTS": "iwakan.example.org",
}


def manage(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a lab would, with nothing in the environment but this."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "IWAKAN_VAR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_settings_pass_the_deploy_check(tmp_path: Path) -> None:
    result = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "IWAKAN_SECRET_KEY is not set"),
        ({"IWAKAN_SECRET_KEY": ""}, "IWAKAN_SECRET_KEY is not set"),
        (PRODUCTION | {"IWAKAN_SECRET_KEY": "a"}, "IWAKAN_SECRET_KEY is too easy to guess"),
        (PRODUCTION | {"IWAKAN_SECRET_KEY": "ab" * 40}, "IWAKAN_SECRET_KEY is too easy to guess"),
        (PRODUCTION | {"IWAKAN_DEBUG": "true"}, "IWAKAN_DEBUG shows the insides"),
    ],
)
def test_unsafe_production_does_not_start(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    result = manage(tmp_path, "check", **environment)

    assert result.returncode != 0
    assert sentence in result.stderr


def test_web_process_loads_no_torch_and_no_worker(tmp_path: Path) -> None:
    script = (
        "import sys, webapp.wsgi; from django.urls import get_resolver; "
        "get_resolver().url_patterns; "
        "sys.exit(' '.join({'torch', 'cv2', 'av', 'workers'} & set(sys.modules)) or 0)"
    )
    result = manage(tmp_path, "shell", "-c", script, **PRODUCTION)

    assert result.stderr.strip() == ""
    assert result.returncode == 0


@pytest.mark.parametrize("name", ["session", "csrf"])
def test_cookies_of_production_are_bound_to_the_host(tmp_path: Path, name: str) -> None:
    script = (
        "from django.conf import settings as s; "
        f"print(s.{name.upper()}_COOKIE_NAME, s.{name.upper()}_COOKIE_SECURE, "
        f"s.{name.upper()}_COOKIE_HTTPONLY, s.{name.upper()}_COOKIE_SAMESITE)"
    )
    result = manage(tmp_path, "shell", "-c", script, **PRODUCTION)

    assert result.stdout.splitlines()[-1] == f"__Host-iwakan_{name} True True Lax"
