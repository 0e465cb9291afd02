"""Submitting a sweep through its form, and cancelling one."""

from copy import deepcopy
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from tests.factories.runs import SCHEMA, MethodFactory, TrainableSplitFactory
from webapp.accounts.models import Team, User
from webapp.common.schema import with_order
from webapp.datasets.models import Split
from webapp.jobs.models import Job
from webapp.pages.forms.sweeps import SweepForm, text_of_variants, variants_of
from webapp.runs import sweeps
from webapp.runs.models import Method, Run, Sweep

NEW = "/runs/sweeps/new"
READY = [
    {
        "name": "grey",
        "title": "Grey and colour",
        "reproduces": "Table 3",
        "grid": {"is_grey": [True, False], "input_size": [[64, 64], [32, 32]]},
        "variants": [],
    },
    {
        "name": "parts",
        "title": "Each part off in turn",
        "reproduces": "No table of the paper",
        "grid": {},
        "variants": [
            {"title": "as proposed", "config": {}},
            {"title": "without norm", "config": {"norm": "none", "input_size": [64, 96]}},
        ],
    },
]


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team, dataset__name="Ped2")


@pytest.fixture
def method(db: None) -> Method:
    schema = deepcopy(SCHEMA)
    schema["properties"]["map"] = {"type": "boolean", "default": True, "group": "Scoring"}
    return MethodFactory.create(schema=with_order(schema), sweeps=READY)


def answers(split: Split, **changes: Any) -> dict[str, Any]:
    return {
        "method": "conv_ae",
        "split": split.pk,
        "title": "Length",
        "seeds": "0, 3-4",
        "folds": "",
        "selection": "last",
        "queue": "",
        "variants": "",
        "config.epochs": "3, 5",
        "config.input_size": "64, 96",
        "config.is_grey": ["true"],
        "config.norm": ["batch"],
        "config.map": ["true"],
        "step": "submit",
    } | changes


def test_new_shows_the_papers_values_and_how_to_begin(
    as_bob: Client, split: Split, method: Method
) -> None:
    response = as_bob.get(NEW)

    content = response.content.decode()
    assert 'value="227, 227"' in content
    assert "Give a field several values" in content
    assert response.context["plan"] is None
    assert not response.context["form"].errors


def test_new_without_methods_or_datasets_says_how_they_come(as_bob: Client) -> None:
    assert "No methods yet" in as_bob.get(NEW).content.decode()
    MethodFactory.create()
    assert "No dataset to train on" in as_bob.get(NEW).content.decode()


def test_new_offers_ready_made_sweeps_with_what_they_vary(
    as_bob: Client, split: Split, method: Method
) -> None:
    content = as_bob.get(NEW).content.decode()

    for text in ("Grey and colour", "Table 3", "true, false", "64, 64; 32, 32"):
        assert text in content
    assert "norm=none; input_size=64, 96" in content
    assert "ready=parts" in content


@pytest.mark.parametrize(("ready", "n_runs"), [("grey", 4), ("parts", 2)])
def test_new_by_a_ready_made_sweep_is_filled_in_and_counted(
    as_bob: Client, split: Split, method: Method, ready: str, n_runs: int
) -> None:
    response = as_bob.get(NEW, {"ready": ready})

    assert response.context["plan"].n_runs == n_runs
    assert f"<strong>{n_runs} runs</strong>" in response.content.decode()
    form = response.context["form"]
    again = as_bob.post(NEW, data_of(form, step="submit"))
    assert again.status_code == 302
    assert Sweep.objects.get().title == {each["name"]: each["title"] for each in READY}[ready]
    assert Run.objects.count() == n_runs


def data_of(form: SweepForm, **more: str) -> dict[str, Any]:
    return dict(form.as_data().items()) | {"method": form.method.pk} | more


def test_new_by_an_unknown_ready_made_sweep(as_bob: Client, split: Split, method: Method) -> None:
    assert as_bob.get(NEW, {"ready": "gone"}).status_code == 404


@pytest.mark.parametrize("field", ["seeds", "folds"])
def test_new_by_an_address_with_a_fault_says_so(
    as_bob: Client, split: Split, method: Method, field: str
) -> None:
    response = as_bob.get(NEW, {field: "9" * 5000})

    content = response.content.decode()
    assert response.status_code == 200
    assert "99… is too large a number." in content
    assert "Give a field several values" not in content


def test_new_by_an_address_keeps_its_split(as_bob: Client, split: Split, method: Method) -> None:
    TrainableSplitFactory.create(dataset=split.dataset, version=split.version + 1)
    foreign = TrainableSplitFactory.create(dataset__name="Foreign")

    page = as_bob.get(NEW, {"split": split.pk})
    assert page.context["form"].chosen_split == split
    assert as_bob.post(NEW, answers(split)).status_code == 302
    assert Sweep.objects.get().split == split
    lost = as_bob.get(NEW, {"split": foreign.pk}).content.decode()
    assert "is no longer offered" in lost
    assert "is no longer offered" not in page.content.decode()


def test_look_counts_runs_and_makes_none(as_bob: Client, split: Split, method: Method) -> None:
    boxes = {"config.map": ["true", "false"], "step": "look"}

    response = as_bob.post(NEW, answers(split, **boxes))

    content = response.content.decode()
    assert response.status_code == 200
    plan = response.context["plan"]
    assert (plan.n_runs, plan.n_trainings) == (12, 6)
    assert "6 trainings: runs that differ only in how they score share one." in content
    assert "<li>epochs 3, map true</li>" in content
    assert not Sweep.objects.exists()


def test_look_shows_the_call_over_rest(as_bob: Client, split: Split, method: Method) -> None:
    text = "plain:\nno norm: norm=none"
    response = as_bob.post(NEW, answers(split, step="look", variants=text))

    call = response.context["rest_call"]
    for line in (
        f'"split": "{split.pk}"',
        '"config": {"input_size": [64, 96]}',
        '"grid": {"epochs": [3, 5]}',
        '"seeds": [0, 3, 4]',
        '{"title": "no norm", "config": {"norm": "none"}}',
    ):
        assert line in call
    assert "/api/v1/sweeps" in call
    assert "selection" not in call


def test_submit_leads_to_the_sweep(as_bob: Client, split: Split, method: Method, bob: User) -> None:
    response = as_bob.post(NEW, answers(split))

    sweep = Sweep.objects.get()
    assert response["Location"] == f"/runs/sweeps/{sweep.pk}"
    assert (sweep.title, sweep.seeds, sweep.created_by) == ("Length", [0, 3, 4], bob)
    assert (sweep.config, sweep.grid) == ({"input_size": [64, 96]}, {"epochs": [3, 5]})
    assert sweep.runs.count() == 6


def test_submit_variants(as_bob: Client, split: Split, method: Method) -> None:
    text = "plain:\n no norm : norm = none; input_size=32, 32\n\n"

    as_bob.post(NEW, answers(split, variants=text, **{"config.epochs": "3"}))

    assert Sweep.objects.get().variants == [
        {"title": "plain", "config": {}},
        {"title": "no norm", "config": {"norm": "none", "input_size": [32, 32]}},
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"config.epochs": "3, 0"}, "epochs: 0 is less than the smallest allowed value 1"),
        ({"config.epochs": "3, many"}, "epochs: &quot;many&quot; is not a whole number"),
        ({"config.epochs": "3, 3"}, "epochs: 3 is there twice"),
        ({"config.epochs": " "}, "epochs: at least one value is needed"),
        ({"config.map": []}, "map: at least one value is needed"),
        ({"config.epochs": "3", "seeds": "0"}, "This makes a single run"),
        ({"seeds": "0-199"}, "This makes 400 runs; a sweep has at most 200."),
        ({"seeds": "0-999999999"}, "0-999999999 are no numbers, or more than a sweep takes."),
        ({"seeds": "5-3"}, "5-3 are no numbers"),
        ({"seeds": "one"}, "one is not a whole number."),
        ({"seeds": "1-3, " + "9" * 5000}, "99… is too large a number."),
        ({"folds": "9" * 5000}, "99… is too large a number."),
        ({"seeds": "4294967296"}, "4294967296 is not between 0 and 4294967295"),
        ({"seeds": "0-199, 200"}, "More than 200 numbers; a sweep has at most 200 runs."),
        ({"folds": "1-150, 151-300"}, "More than 200 numbers; a sweep has at most 200 runs."),
        ({"variants": "a:\n" * 201}, "More than 200 variants; a sweep has at most 200 runs."),
        ({"seeds": ""}, "This field is required."),
        ({"seeds": "1, 1"}, "seeds: 1 is there twice"),
        ({"folds": "1-3"}, "has no fold 1; it has none"),
        ({"title": "x" * 121}, "at most 120 characters"),
        ({"variants": "no colon"}, "“no colon” has no colon after its name."),
        ({"variants": "a: epochs"}, "“epochs” does not say what it sets"),
        ({"variants": "a: norm=layer"}, "a: norm: &quot;layer&quot; is not one of batch, none"),
        ({"variants": "a: depth=3"}, "a: depth: the method has no such field"),
        ({"variants": "a: epochs=9"}, "a: epochs: it is varied in the grid, too"),
        ({"variants": "a:\nb: norm=batch"}, "“a · epochs 3” and “b · epochs 3” are the same"),
    ],
)
def test_submit_refused_with_a_sentence_beside_the_field(
    as_bob: Client, split: Split, method: Method, changes: dict[str, Any], sentence: str
) -> None:
    response = as_bob.post(NEW, answers(split, **changes))

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Sweep.objects.exists()


def test_a_refused_form_keeps_what_was_typed(as_bob: Client, split: Split, method: Method) -> None:
    changes = {"config.epochs": "3, 0", "config.norm": ["none"], "variants": "a: map=false"}
    content = as_bob.post(NEW, answers(split, **changes)).content.decode()

    assert 'value="3, 0"' in content
    assert "a: map=false" in content
    [box] = [part for part in content.split("<input") if 'value="none"' in part]
    assert "checked" in box.partition(">")[0]


def test_variants_as_text_and_back(method: Method) -> None:
    variants = READY[1]["variants"]

    assert variants_of(method.schema, text_of_variants(variants)) == variants


def test_a_field_that_may_be_empty_is_varied_with_nothing(split: Split) -> None:
    schema = deepcopy(SCHEMA)
    schema["properties"]["limit"] = {
        "anyOf": [{"type": "integer"}, {"type": "null"}],
        "default": None,
    }
    method = MethodFactory.create(schema=schema)
    data = QueryDict(mutable=True)
    data.update({"config.limit": ", 3"})

    form = SweepForm(data, method=method, splits=[split])

    assert form.grid["limit"] == [None, 3]


def test_cancel(as_bob: Client, split: Split, method: Method, bob: User) -> None:
    sweep = sweeps.submit_sweep(
        team=split.dataset.team, dataset=split.dataset, split=split, method=method,
        config={}, grid={"epochs": [3, 5]}, by=bob,
    )  # fmt: skip

    response = as_bob.post(f"/runs/sweeps/{sweep.pk}/cancel")

    assert response["Location"] == f"/runs/sweeps/{sweep.pk}"
    assert set(Job.objects.values_list("status", flat=True)) == {"cancelled"}
    assert as_bob.post(f"/runs/sweeps/{sweep.pk}/cancel").status_code == 409
