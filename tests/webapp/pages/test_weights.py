"""Pages, forms and calls about weights that were trained elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.factories.jobs import JobFactory
from tests.factories.runs import MethodFactory, TrainableSplitFactory, WeightsFactory
from tests.webapp.runs.test_published import method  # noqa: F401 (a fixture)
from webapp.accounts.models import Team, User
from webapp.accounts.services import create_token
from webapp.datasets.models import Split
from webapp.runs.models import Run, Weights


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team)


@pytest.fixture
def weights(team: Team, method: Any) -> Weights:  # noqa: F811
    weights = WeightsFactory.create(team=team, name="Theirs", notes=["1 tensor left out: fc9"])
    weights.config |= {"sigma": 4}
    weights.save()
    return weights


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def answers(split: Split, **changes: str) -> dict[str, str]:
    sent = {
        "method": "conv_ae", "split": split.pk, "seed": "0", "selection": "last",
        "config.is_grey": "true", "config.norm": "batch", "config.sigma": "4",
    }  # fmt: skip
    return sent | {name.replace("__", "."): value for name, value in changes.items()}


def test_a_file_is_brought_from_the_page(as_bob: Client, weights: Weights) -> None:
    file = SimpleUploadedFile("a.pth", b"weights")

    response = as_bob.post(
        "/weights/new", {"file": file, "method": "conv_ae", "selection": "test", "source": "paper"}
    )

    brought = Weights.objects.exclude(pk=weights.pk).get()
    assert response["Location"] == f"/weights/{brought.pk}"
    assert (brought.file_name, brought.n_bytes, brought.source) == ("a.pth", 7, "paper")
    page = text(as_bob, response["Location"])
    assert "being read" in page
    assert "selected on test" in page
    assert "Score with these weights" not in page
    assert f'href="/weights/{brought.pk}"' in text(as_bob, "/activity")
    assert f'href="/weights/{brought.pk}"' in text(as_bob, f"/jobs/{brought.job_id}")


def test_a_file_without_anything_in_it_is_said_beside_its_field(as_bob: Client) -> None:
    response = as_bob.post(
        "/weights/new", {"file": SimpleUploadedFile("a.pth", b""), "selection": "test"}
    )

    assert response.status_code == 422
    assert response.context["form"].errors["file"]


def test_the_list_and_the_ways_to_it(as_vera: Client, as_bob: Client, weights: Weights) -> None:
    WeightsFactory.create(name="Of strangers")

    page = text(as_vera, "/weights")

    assert f'<a href="/weights/{weights.pk}">Theirs</a>' in page
    assert "Of strangers" not in page
    assert "Bring weights" not in page
    assert "Bring weights" in text(as_bob, "/weights")
    assert 'href="/weights"' in text(as_bob, "/runs")


def test_the_new_run_page_leads_to_the_list(as_bob: Client, split: Split, weights: Weights) -> None:
    assert 'href="/weights"' in text(as_bob, "/runs/new")


def test_the_page_says_what_is_known(as_vera: Client, weights: Weights) -> None:
    page = text(as_vera, f"/weights/{weights.pk}")

    for fact in ("ready", "Conv-AE of its authors", "1 tensor left out: fc9", "published.pth"):
        assert fact in page
    assert "None yet." in page
    assert "Score with these weights" not in page


def test_a_file_that_could_not_be_read_says_why(as_vera: Client, team: Team) -> None:
    job = JobFactory.create(
        team=team, kind="weights", status="failed", finished_at=timezone.now(),
        reason="a.pth is cut off",
    )  # fmt: skip
    weights = WeightsFactory.create(team=team, method=None, job=job)

    assert "a.pth is cut off" in text(as_vera, f"/weights/{weights.pk}")
    assert as_vera.get(f"/api/v1/weights/{weights.pk}").json()["reason"] == "a.pth is cut off"


def test_the_page_leads_to_the_form_filled_in(
    as_bob: Client, split: Split, weights: Weights
) -> None:
    page = as_bob.get(f"/weights/{weights.pk}")
    assert "Score with these weights" in page.content.decode()

    form = as_bob.get(page.context["score_url"]).context["form"]

    assert form["weights"].value() == weights.pk
    assert form.chosen_weights == weights
    assert form.config == {"norm": "none", "sigma": 4}
    assert form.changes == {}


def test_a_run_is_submitted_with_weights(as_bob: Client, split: Split, weights: Weights) -> None:
    sent = answers(split, weights=weights.pk, config__sigma="2")

    response = as_bob.post("/runs/new", sent)

    assert response.status_code == 302, response.context["form"].errors
    run = Run.objects.get()
    assert (run.kind, run.weights, run.job.kind) == ("weights", weights, "score")
    assert run.config == weights.config | {"sigma": 2}
    page = text(as_bob, response["Location"])
    assert f'<a href="/weights/{weights.pk}">Theirs</a>' in page
    assert "scored with weights brought in" in page
    assert "Learning curve" not in page
    assert f"weights={weights.pk}" in page  # “Run with changes”
    assert run.name in text(as_bob, f"/weights/{weights.pk}")


def test_other_values_of_the_network_are_refused_with_a_sentence(
    as_bob: Client, split: Split, weights: Weights
) -> None:
    response = as_bob.post("/runs/new", answers(split, weights=weights.pk, config__epochs="3"))

    assert response.status_code == 422
    form = response.context["form"]
    assert "epochs: the weights are of a network with 20 (given: 3)" in str(form.errors)
    assert "epochs" in form.problems


def test_script_and_command_say_the_same(as_bob: Client, split: Split, weights: Weights) -> None:
    sent = answers(split, weights=weights.pk, config__sigma="3")

    context = as_bob.post("/runs/new/equivalent", sent).context

    assert f'"weights": "{weights.pk}"' in context["rest_call"]
    assert '"config": {"sigma": 3}' in context["rest_call"]
    assert f"--weights {weights.pk}" in context["command"]
    assert "--set sigma=3" in context["command"]
    begun = as_bob.post("/runs/new/equivalent", answers(split, starts_from=weights.pk)).context
    assert f'"starts_from_weights": "{weights.pk}"' in begun["rest_call"]
    assert f"--starts_from_weights {weights.pk}" in begun["command"]


def test_the_command_submits_with_weights(bob: User, split: Split, weights: Weights) -> None:
    common = {"by": bob.email, "split": split.pk, "method": "conv_ae"}

    call_command("submit_run", **common, weights=weights.pk, set=["sigma=1"])
    call_command("submit_run", **common, starts_from_weights=weights.pk, set=["norm=none"])

    trained, scored = Run.objects.all()
    assert (scored.weights, scored.config["sigma"]) == (weights, 1)
    assert trained.starts_from == weights.checkpoint


def test_a_training_begins_with_weights_from_the_form(
    as_bob: Client, split: Split, weights: Weights
) -> None:
    sent = answers(split, starts_from=weights.pk, config__norm="none")

    response = as_bob.post("/runs/new", sent)

    assert Run.objects.get().starts_from == weights.checkpoint
    page = text(as_bob, response["Location"])
    assert f'<a href="/weights/{weights.pk}">Theirs</a>' in page
    assert f"starts_from={weights.pk}" in page
    assert "Runs whose training began with them" in text(as_bob, f"/weights/{weights.pk}")


def test_weights_that_do_not_fit_are_said_beside_the_field(
    as_bob: Client, split: Split, weights: Weights
) -> None:
    response = as_bob.post("/runs/new", answers(split, starts_from=weights.pk))

    assert "another network: norm" in response.context["form"].errors["starts_from"][0]


def test_the_form_offers_only_weights_of_its_method(
    as_bob: Client, split: Split, weights: Weights, team: Team
) -> None:
    other = MethodFactory.create(name="other", title="Other")
    WeightsFactory.create(team=team, method=None)
    WeightsFactory.create()

    form = as_bob.get("/runs/new?method=conv_ae").context["form"]

    assert [pk for pk, _label in form.fields["weights"].choices] == ["", weights.pk]
    assert "weights" not in as_bob.get(f"/runs/new?method={other.pk}").context["form"].fields
    sweep = as_bob.get("/runs/sweeps/new?method=conv_ae")
    assert "weights" not in sweep.context["form"].fields


def test_rest_takes_weights_for_a_run(as_bob: Client, split: Split, weights: Weights) -> None:
    body = {"dataset": split.dataset_id, "method": "conv_ae"}
    begins = {"starts_from_weights": weights.pk, "config": {"norm": "none"}}

    for more in ({"weights": weights.pk}, begins):
        answer = as_bob.post("/api/v1/runs", body | more, "application/json")
        assert answer.status_code == 202, answer.content

    begun, scored = as_bob.get("/api/v1/runs").json()["results"]
    assert (scored["weights_id"], scored["starts_from_weights"]) == (weights.pk, None)
    assert (begun["weights_id"], begun["starts_from_weights"]) == (None, weights.pk)
    assert begun["starts_from"] is None


def test_rest_does_not_know_the_weights_of_strangers(
    as_bob: Client, split: Split, weights: Weights
) -> None:
    body = {"dataset": split.dataset_id, "method": "conv_ae"}

    for field in ("weights", "starts_from_weights"):
        sent = body | {field: WeightsFactory.create().pk}
        answer = as_bob.post("/api/v1/runs", sent, "application/json")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"/{field}"


def test_rest_brings_weights_once(as_bob: Client, weights: Weights) -> None:
    query = {"file": "a.pth", "name": "Mine", "method": "conv_ae", "selection": "last"}
    given = {"content_type": "application/octet-stream", "query_params": query}

    first, second = (
        as_bob.post("/api/v1/weights", b"weights", **given, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )

    assert (first.status_code, first.json()["kind"]) == (202, "weights")
    assert second.json()["id"] == first.json()["id"]
    listed = as_bob.get("/api/v1/weights").json()["results"]
    assert [each["name"] for each in listed] == ["Mine", "Theirs"]
    assert first.json()["result_url"] == f"/api/v1/weights/{listed[0]['id']}"
    assert listed[0]["state"] == "reading"


def test_rest_takes_a_file_whatever_its_content_type_says(bob: User, team: Team) -> None:
    """`curl --data-binary` calls it a form."""
    _token, secret = create_token(team=team, name="x", scope="submit", by=bob)
    client = Client(headers={"authorization": f"Bearer {secret}"})

    for kind in ("application/x-www-form-urlencoded", "application/json", "text/plain"):
        answer = client.post("/api/v1/weights?file=a.pth", b"%=&" * 2_000_000, kind)
        assert answer.status_code == 202, answer.content
    assert {each.n_bytes for each in Weights.objects.all()} == {6_000_000}


def test_rest_refuses_an_empty_body_and_an_unknown_method(as_bob: Client, db: None) -> None:
    address = "/api/v1/weights?file=a.pth"

    assert as_bob.post(address, b"", "application/octet-stream").status_code == 422
    answer = as_bob.post(f"{address}&method=nothing", b"x", "application/octet-stream")
    assert answer.status_code == 422
    assert not Weights.objects.exists()
