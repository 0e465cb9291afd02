"""Creating once under one Idempotency-Key."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from tests.patience import PATIENCE
from tests.race import race
from webapp.accounts import services
from webapp.accounts.models import User
from webapp.api import idempotency
from webapp.api.models import IdempotentAnswer
from webapp.datasets.models import Split
from webapp.runs.models import Method, Run

RUNS = "/api/v1/runs"


def submit(client: Client, split: Split, key: str = "monday", **fields: object):
    body = {"dataset": split.dataset_id, "method": "conv_ae", **fields}
    return client.post(RUNS, body, "application/json", headers={"idempotency-key": key})


def test_key_again_gives_the_first_answer(submitter: Client, split: Split, method: Method) -> None:
    first = submit(submitter, split)

    again = submit(submitter, split)

    assert again.status_code == 202
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert Run.objects.count() == 1


def test_key_with_another_body(submitter: Client, split: Split, method: Method) -> None:
    submit(submitter, split)

    response = submit(submitter, split, seed=1)

    assert response.status_code == 422
    assert response.json()["code"] == "key_reused"
    assert Run.objects.count() == 1


def test_key_with_another_address(submitter: Client, split: Split, method: Method) -> None:
    submit(submitter, split)

    headers = {"idempotency-key": "monday"}
    response = submitter.post("/api/v1/datasets", {}, "application/json", headers=headers)

    assert response.json()["code"] == "key_reused"


def test_key_of_somebody_else_is_another_key(
    submitter: Client, with_token, alice: User, split: Split, method: Method
) -> None:
    submit(submitter, split)
    submit(with_token(alice, "submit"), split)

    assert Run.objects.count() == 2


def test_other_keys_and_no_key_create_again(
    submitter: Client, split: Split, method: Method
) -> None:
    for key in ["monday", "tuesday", "", ""]:
        assert submit(submitter, split, key).status_code == 202

    assert Run.objects.count() == 4


def test_key_of_a_refused_request_is_free(submitter: Client, split: Split, method: Method) -> None:
    assert submit(submitter, split, seed=-1).status_code == 422

    assert submit(submitter, split, seed=1).status_code == 202


def test_key_is_forgotten_after_a_day(submitter: Client, split: Split, method: Method) -> None:
    submit(submitter, split)
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))

    assert "Idempotency-Replayed" not in submit(submitter, split).headers
    assert Run.objects.count() == 2


def test_key_too_long(submitter: Client, split: Split, method: Method) -> None:
    assert submit(submitter, split, "k" * 201).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_make_one_run(
    bob: User, split: Split, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", PATIENCE)
    _token, secret = services.create_token(
        team=bob.teams.get(), name="script", scope="submit", by=bob
    )
    headers = {"authorization": f"Bearer {secret}"}

    answers = race(lambda: submit(Client(headers=headers), split), n_threads=50)

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 49
    assert Run.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_key_still_being_worked_on(
    bob: User, split: Split, method: Method, with_token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", 1)
    client = with_token(bob, "submit")

    with transaction.atomic():
        IdempotentAnswer.objects.create(user=bob, key="monday", request_hash="")
        [response] = race(lambda: submit(client, split), n_threads=1)

    assert response.status_code == 409
    assert response.json()["code"] == "key_in_use"
    assert response.headers["Retry-After"] == "1"
    assert response.json()["retryable"]
