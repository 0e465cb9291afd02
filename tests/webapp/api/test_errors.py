"""Every refusal is a problem document with a sentence in it."""

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from webapp.accounts.models import User
from webapp.common import limits

JSON = "application/json"
MEMBERS = {
    "type", "title", "status", "detail", "instance", "code", "request_id", "retryable", "errors",
}  # fmt: skip


def assert_problem(response, status: int, code: str) -> dict:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == MEMBERS
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["request_id"] == response.headers["X-Request-Id"]
    return problem


def test_not_found(reader: Client) -> None:
    problem = assert_problem(reader.get("/api/v1/runs/run_none"), 404, "not_found")

    assert problem["instance"] == "/api/v1/runs/run_none"
    assert not problem["retryable"]


def test_unknown_route(reader: Client) -> None:
    assert_problem(reader.get("/api/v1/nothing/here"), 404, "not_found")


def test_trailing_slash_is_another_address(reader: Client) -> None:
    assert_problem(reader.get("/api/v1/runs/"), 404, "not_found")


def test_method_not_allowed(reader: Client) -> None:
    response = reader.put("/api/v1/me", {}, JSON)

    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "body",
    ["{", "[1, 2", '{"seed": NaN}', "\xff", '{"name": "\\u0000"}', '{"name": "\\ud800"}',
     '{"config": ' + "[" * 100_000 + "]" * 100_000 + "}"],
)  # fmt: skip
def test_malformed_body(submitter: Client, body: str) -> None:
    response = submitter.post("/api/v1/runs", body.encode("latin-1"), JSON)

    assert_problem(response, 400, "parse_error")


def test_body_not_an_object(submitter: Client) -> None:
    assert_problem(submitter.post("/api/v1/runs", "[]", JSON), 422, "invalid")


def test_body_too_large(submitter: Client) -> None:
    body = json.dumps({"name": "x" * 1_000_001})

    assert_problem(submitter.post("/api/v1/runs", body, JSON), 413, "body_too_large")


def test_body_of_another_type(submitter: Client) -> None:
    response = submitter.post("/api/v1/runs", "<run/>", "application/xml")

    assert_problem(response, 415, "unsupported_media_type")


def test_not_acceptable(reader: Client) -> None:
    response = reader.get("/api/v1/me", headers={"accept": "text/html"})

    assert_problem(response, 406, "not_acceptable")


def test_nul_in_the_address(reader: Client) -> None:
    assert_problem(reader.get("/api/v1/runs/run_%00"), 400, "bad_request")
    assert_problem(reader.get("/api/v1/runs?dataset=%00"), 400, "bad_request")


def test_unknown_fields_are_named(submitter: Client) -> None:
    body = {"name": "x", "folder": "/x", "team": "team_1", "status": "succeeded"}

    problem = assert_problem(submitter.post("/api/v1/datasets", body, JSON), 422, "invalid")

    assert {fault["pointer"] for fault in problem["errors"]} == {"/team", "/status"}
    assert "name, folder, description" in problem["detail"]


def test_permission_denied(reader: Client) -> None:
    body = {"name": "x", "folder": "/x"}

    problem = assert_problem(reader.post("/api/v1/datasets", body, JSON), 403, "permission_denied")
    assert "dataset.import" in problem["detail"]


def test_throttled(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.api.throttling.ReadThrottle.rate", "1/min", raising=False)
    clock = SimpleNamespace(time=lambda: 50.0, monotonic=time.monotonic)
    monkeypatch.setattr(limits, "time", clock)
    reader.get("/api/v1/me")

    response = reader.get("/api/v1/me")

    problem = assert_problem(response, 429, "throttled")
    assert response.headers["Retry-After"] == "10"
    assert problem["retryable"]


@pytest.fixture
def database_away() -> Iterator[None]:
    def refuse(*_arguments: object) -> None:
        raise OperationalError("the connection is closed: password=hunter2")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.usefixtures("db", "database_away")
class TestDatabaseAway:
    def test_api(self, client: Client) -> None:
        client.raise_request_exception = False

        response = client.get("/api/v1/me", headers={"authorization": "Bearer iwk_x"})

        problem = assert_problem(response, 503, "unavailable")
        assert response.headers["Retry-After"] == "5"
        assert problem["retryable"]
        assert "hunter2" not in response.content.decode()

    def test_page(self, client: Client) -> None:
        client.raise_request_exception = False
        client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32

        response = client.get("/team")

        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        assert "The database" in response.content.decode()
        assert "hunter2" not in response.content.decode()


def test_fault_of_ours(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("webapp.api.accounts.teams_of", fail)
    reader.raise_request_exception = False

    response = reader.get("/api/v1/me")

    assert_problem(response, 500, "internal_error")
    assert "secret detail" not in response.content.decode()


def test_page_of_a_stranger_says_nothing_of_what_is_there(as_charlie: Client, bob: User) -> None:
    response = as_charlie.get("/nothing-here")

    assert response.status_code == 404
    assert "text/html" in response.headers["Content-Type"]
