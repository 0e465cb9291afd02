"""The page of a paper's tables, and how runs are combined from other pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.webapp.results.studies import test_paper_tables as tables
from webapp.datasets.models import FeatureSet
from webapp.results.studies import printed
from webapp.runs.models import Run, Sweep

pytestmark = pytest.mark.django_db

features, enter = tables.features, tables.enter  # the fixtures


def test_the_page_shows_printed_numbers_beside_ours(
    as_vera: Client,
    features: FeatureSet,
    enter: Callable[..., Run],
) -> None:
    run = enter(printed.RTFM)

    page = as_vera.get(f"/leaderboards/{features.dataset_id}/papers")

    text = page.content.decode()
    assert page.status_code == 200
    assert "Table 2: Methods on UCF-Crime" in text
    assert "0.8430" in text
    assert f'href="{run.get_absolute_url()}"' in text
    assert "Train what is missing" not in text  # a viewer trains nothing
    assert "papers" in as_vera.get(f"/leaderboards/{features.dataset_id}").content.decode()


def test_one_click_combines_table_5(
    as_bob: Client,
    features: FeatureSet,
    enter: Callable[..., Run],
) -> None:
    for setting in (printed.RTFM, printed.ATTENTION, printed.RANKING):
        enter(setting)
    address = f"/leaderboards/{features.dataset_id}/papers"
    # Table 2's own mean is among them: Video Classifier and Bi-LSTM+MIL.
    assert "Combine (4)" in as_bob.get(address).content.decode()

    done = as_bob.post(f"{address}/combine", follow=True)

    assert "4 virtual runs are there." in done.content.decode()
    assert done.content.decode().count("not evaluated yet") == 4
    assert Run.objects.filter(kind=Run.Kind.VIRTUAL).count() == 4
    again = as_bob.post(f"{address}/combine")
    assert again.status_code == 422
    assert "nothing to combine" in again.content.decode()


def test_what_is_missing_is_submitted_from_the_page(as_bob: Client, features: FeatureSet) -> None:
    page = f"/leaderboards/{features.dataset_id}/papers"
    address = f"{page}/submit"

    assert "their intervals and regions do not reach it" in as_bob.get(page).content.decode()
    refused = as_bob.post(address, {"seeds": "x", "selection": "last"})
    done = as_bob.post(address, {"seeds": "0-1", "selection": "last"})

    assert refused.status_code == 422
    assert "x is not a whole number" in refused.content.decode()
    assert done.status_code == 302
    assert Sweep.objects.count() == 5


def test_best_on_test_is_offered_as_published_and_marked(
    as_bob: Client, features: FeatureSet, enter: Callable[..., Run]
) -> None:
    run = enter(printed.RTFM)
    Run.objects.filter(pk=run.pk).update(selection="test")
    address = f"/leaderboards/{features.dataset_id}/papers"

    page = as_bob.get(address, {"selection": "test"})
    other = as_bob.get(address, {"selection": "last"}).content.decode()
    done = as_bob.post(
        f"{address}/submit?selection=test",
        {"seeds": "0", "selection": "test", "validate_every": "1"},
    )

    assert page.context["form"]["selection"].value() == "test"
    assert page.content.decode().count("lets the labels of the test videos choose") == 1
    marked = 'class="badge badge--warning"'
    assert marked in page.content.decode()
    assert (marked in other, run.get_absolute_url() in other) == (False, False)
    assert done.headers["Location"].endswith("selection=test")
    made = Run.objects.filter(feature_set=features).exclude(pk=run.pk)
    assert {each.selection for each in made} == {"test"}
    assert {each.config["validate_every"] for each in made} == {1}
    refused = as_bob.post(f"{address}/submit", {"seeds": "0", "selection": "unknown"})
    assert refused.status_code == 422


def test_a_file_and_rest_say_the_same(
    as_bob: Client,
    features: FeatureSet,
    enter: Callable[..., Run],
) -> None:
    run = enter(printed.RTFM)
    enter(printed.ATTENTION)
    rest = f"/api/v1/datasets/{features.dataset_id}/paper-tables"

    file = as_bob.get(f"/leaderboards/{features.dataset_id}/papers/export.json").json()
    told = as_bob.get(rest).json()

    [row] = [
        row for table in told["tables"] for row in table["rows"]
        if row["printed"]["method"] == "RTFM" and row["printed"]["features"] == "I3D"
    ]  # fmt: skip
    [line] = [r for r in file["rows"] if r["method"] == "RTFM" and r["features"] == "I3D"]
    assert row["ours"]["run_ids"] == [run.pk]
    assert row["ours"]["value"] == line["ours"]
    assert row["difference"] == line["difference"]
    assert told["n_to_combine"] == 1
    made = as_bob.post(f"{rest}/combinations")
    assert made.status_code == 201
    assert [each["kind"] for each in made.json()["results"]] == ["virtual"]
    assert as_bob.get(f"{rest}?benchmark=avenue").status_code == 422
    sent = as_bob.post(f"{rest}/runs", {"seeds": [3]}, content_type="application/json")
    assert sent.status_code == 202
    assert Run.objects.filter(seed=3).count() == len(told["to_train"])
    test = as_bob.get(f"{rest}?selection=test").json()
    assert (test["selection"], len(test["to_train"])) == ("test", len(told["to_train"]) + 2)
    body = {"seeds": [4], "selection": "test", "validate_every": 1}
    as_bob.post(f"{rest}/runs?selection=test", body, content_type="application/json")
    published = Run.objects.filter(seed=4)
    assert {run.selection for run in published} == {"test"}
    assert {run.config["validate_every"] for run in published} == {1}


def test_a_comparison_leads_to_the_combination_of_its_runs(
    as_bob: Client,
    features: FeatureSet,
    enter: Callable[..., Run],
) -> None:
    runs = [enter(printed.RTFM), enter(printed.ATTENTION)]
    query = "&".join(f"run={run.pk}" for run in runs)

    compared = as_bob.get(f"/compare?{query}")
    form = as_bob.get(compared.context["combine_url"])

    assert [row["run"] for row in form.context["rows"] if row["is_chosen"]] == runs
    assert form.context["form"]["rule"].value() == "mean"
    made = as_bob.post(
        "/runs/mix",
        {"run": [run.pk for run in runs], "rule": "mean", f"weight-{runs[0].pk}": "7",
         "smoothing": "none", "smoothing_frames": "0"},
    )  # fmt: skip
    mixed = Run.objects.get(kind=Run.Kind.VIRTUAL)
    assert made.headers["Location"] == mixed.get_absolute_url()
    assert [member["weight"] for member in mixed.recipe["members"]] == [1, 1]


def test_a_sweep_shows_what_papers_print_of_its_rows(
    as_bob: Client,
    features: FeatureSet,
) -> None:
    as_bob.post(
        f"/leaderboards/{features.dataset_id}/papers/submit", {"seeds": "0", "selection": "last"}
    )
    sweep = Sweep.objects.get(method="video_classifier")

    table = as_bob.get(f"/runs/sweeps/{sweep.pk}").context["table"]
    told = as_bob.get(f"/api/v1/sweeps/{sweep.pk}").json()

    assert [[claim.value for claim in row.printed] for row in table.rows] == [
        [0.8172], [0.8396], [0.8328],
    ]  # fmt: skip
    assert [[each["value"] for each in row["printed"]] for row in told["rows"]] == [
        [0.8172], [0.8396], [0.8328],
    ]  # fmt: skip
    other = as_bob.get(f"/runs/sweeps/{sweep.pk}?protocol=frame-per-video").context["table"]
    assert not other.has_printed


def test_the_list_of_sweeps_leads_to_the_tables(as_bob: Client, features: FeatureSet) -> None:
    page = as_bob.get("/runs/sweeps").content.decode()

    assert f"/leaderboards/{features.dataset_id}/papers" in page
