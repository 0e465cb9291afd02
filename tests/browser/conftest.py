"""Chromium for tests that click. Each page must stay on the site and raise no error."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import logged_in, skip_or_fail
from tests.patience import PATIENCE
from webapp.accounts.models import User

expect.set_options(timeout=1000 * PATIENCE)
DESKTOP = {"width": 1440, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        skip_or_fail("no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=FLAGS, timeout=1000 * PATIENCE
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server) -> Iterator[Callable[..., Page]]:
    """Gives a function that opens a path as a user; the test fails if the page misbehaves."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_as(user: User, path: str, **options: object) -> Page:
        context = chromium.new_context(base_url=live_server.url, **{"viewport": DESKTOP} | options)
        context.set_default_timeout(1000 * PATIENCE)
        contexts.append(context)
        context.add_cookies([_session_cookie(logged_in(user), live_server.url)])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: _note_error(message, faults))
        page.on("request", lambda request: _note_stranger(request.url, live_server.url, faults))
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert faults == []


def _session_cookie(client: Client, url: str) -> dict[str, str]:
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


def _note_error(message, faults: list[str]) -> None:
    if message.type in {"error", "warning"}:
        faults.append(f"{message.type} in the console: {message.text}")


def _note_stranger(url: str, site: str, faults: list[str]) -> None:
    if not url.startswith((site, "data:", "blob:")):
        faults.append(f"request to {url}")
