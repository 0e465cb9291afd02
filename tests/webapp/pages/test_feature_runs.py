"""Forms, calls and pages of runs that read features."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.factories.datasets import FeatureSetFactory, features_of_all
from tests.factories.runs import MethodFactory, TrainableSplitFactory
from webapp.accounts.models import Team, User
from webapp.datasets.models import FeatureSet, Split
from webapp.runs.models import Method, Run, Sweep


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team)


@pytest.fixture
def features(split: Split) -> FeatureSet:
    return features_of_all(split.dataset)


@pytest.fixture
def method() -> Method:
    return MethodFactory.create(name="bags", title="Bags", reads="features")


def answers(split: Split, **changes: str) -> dict[str, str]:
    return {"method": "bags", "split": split.pk, "seed": "1", "selection": "last"} | changes


def test_the_form_offers_sets_that_are_ready_of_the_teams_datasets(
    as_bob: Client, split: Split, features: FeatureSet, method: Method
) -> None:
    FeatureSetFactory.create()
    FeatureSetFactory.create(dataset=split.dataset, content_hash="")

    form = as_bob.get("/runs/new?method=bags").context["form"]

    assert [pk for pk, _name in form.fields["feature_set"].choices] == [features.pk]


def test_the_form_of_other_methods_asks_for_none(as_bob: Client, features: FeatureSet) -> None:
    MethodFactory.create()

    assert "feature_set" not in as_bob.get("/runs/new").context["form"].fields


def test_a_run_is_submitted_with_its_features(
    as_bob: Client, split: Split, features: FeatureSet, method: Method
) -> None:
    response = as_bob.post("/runs/new", answers(split, feature_set=features.pk))

    run = Run.objects.get()
    assert response["Location"] == run.get_absolute_url()
    assert run.feature_set == features
    text = as_bob.get(run.get_absolute_url()).content.decode()
    assert f'<a href="/feature-sets/{features.pk}">{features}, I3D-ResNet50</a>' in text


def test_features_that_do_not_fit_the_split_are_said_beside_their_field(
    as_bob: Client, split: Split, features: FeatureSet, method: Method
) -> None:
    features.files.first().delete()

    response = as_bob.post("/runs/new", answers(split, feature_set=features.pk))

    assert response.status_code == 422
    assert "it has no features of 1 video" in response.context["form"].errors["feature_set"][0]


def test_a_run_is_changed_from_its_own_values(
    as_bob: Client, split: Split, features: FeatureSet, method: Method
) -> None:
    newer = features_of_all(split.dataset)
    as_bob.post("/runs/new", answers(split, feature_set=features.pk))
    run = Run.objects.get()

    text = as_bob.get(run.get_absolute_url()).content.decode()
    assert f"feature_set={features.pk}" in text
    address = f"/runs/new?dataset={split.dataset_id}&method=bags&feature_set={features.pk}"
    form = as_bob.get(address).context["form"]

    assert form["feature_set"].value() == features.pk != newer.pk


def test_script_and_command_name_the_features(
    as_bob: Client, bob: User, split: Split, features: FeatureSet, method: Method
) -> None:
    response = as_bob.post("/runs/new/equivalent", answers(split, feature_set=features.pk))

    assert f'"feature_set": "{features.pk}"' in response.context["rest_call"]
    assert f"--feature_set {features.pk}" in response.context["command"]


def test_the_command_submits_them(
    bob: User, split: Split, features: FeatureSet, method: Method
) -> None:
    call_command("submit_run", by=bob.email, split=split.pk, method="bags", feature_set=features.pk)

    assert Run.objects.get().feature_set == features


def test_a_sweep_is_submitted_with_its_features(
    as_bob: Client, split: Split, features: FeatureSet, method: Method
) -> None:
    sent = answers(split, feature_set=features.pk, seeds="0", step="submit")
    boxes = {"config.is_grey": ["true"], "config.norm": ["batch"]}
    response = as_bob.post("/runs/sweeps/new", sent | boxes | {"config.epochs": "1, 2"})

    sweep = Sweep.objects.get()
    assert response["Location"] == sweep.get_absolute_url()
    assert {run.feature_set for run in sweep.runs.all()} == {features}


def test_sweeps_tell_their_features(
    as_bob: Client, split: Split, features: FeatureSet, method: Method
) -> None:
    call(
        as_bob, "/api/v1/sweeps", dataset=split.dataset_id, method="bags", feature_set=features.pk,
        grid={"epochs": [1, 2]},
    )  # fmt: skip
    sweep = Sweep.objects.get()

    page = as_bob.get(sweep.get_absolute_url()).content.decode()
    assert f'<a href="/feature-sets/{features.pk}">{features}, I3D-ResNet50</a>' in page
    assert f'<span class="muted">{features}</span>' in as_bob.get("/runs/sweeps").content.decode()
    assert as_bob.get(f"/api/v1/sweeps/{sweep.pk}").json()["feature_set_id"] == features.pk


def call(client: Any, address: str, **body: Any) -> Any:
    return client.post(address, body, content_type="application/json")


def test_rest_takes_the_features_of_a_run_and_of_a_sweep(
    as_bob: Client, split: Split, features: FeatureSet, method: Method
) -> None:
    body = {"dataset": split.dataset_id, "method": "bags", "feature_set": features.pk}

    run = call(as_bob, "/api/v1/runs", **body)
    sweep = call(as_bob, "/api/v1/sweeps", **body, grid={"epochs": [1, 2]})

    assert (run.status_code, sweep.status_code) == (202, 202), sweep.content
    ids = {each["feature_set_id"] for each in as_bob.get("/api/v1/runs").json()["results"]}
    assert ids == {features.pk}


def test_rest_does_not_know_the_features_of_strangers(
    as_bob: Client, split: Split, method: Method
) -> None:
    body = {"dataset": split.dataset_id, "method": "bags"}

    response = call(as_bob, "/api/v1/runs", **body, feature_set=FeatureSetFactory.create().pk)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/feature_set"
