"""The pages that show what a deletion takes, ask, and do it."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.conftest import logged_in
from tests.factories.datasets import FeatureSetFactory
from tests.factories.jobs import JobFactory
from tests.factories.runs import RunFactory, sweep_of
from tests.webapp.deleting.conftest import (  # noqa: F401 (fixtures)
    dataset,
    end_jobs,
    maria,
    rival,
    run,
)
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset
from webapp.runs.models import Run, Sweep
from webapp.sharing.services import create_link


@pytest.fixture
def as_maria(maria: User) -> Client:  # noqa: F811
    return logged_in(maria)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_page_of_a_run_leads_to_its_deletion(run: Run, as_maria: Client) -> None:  # noqa: F811
    address = reverse("deleting:run", args=[run.pk])

    assert address in as_maria.get(run.get_absolute_url()).content.decode()
    shown = text_of(as_maria.get(address))
    assert "Delete the run “Ramp”" in shown
    assert "Videos with scores 2" in shown
    assert "Stored files 4" in shown
    assert "It leaves the leaderboard" in shown
    assert "Delete its scores only" in shown


def test_a_run_that_is_deleted_is_told_of_in_the_list(run: Run, as_maria: Client) -> None:  # noqa: F811
    response = as_maria.post(reverse("deleting:run", args=[run.pk]), follow=True)

    assert response.redirect_chain == [(reverse("runs:list"), 302)]
    assert "The run “Ramp” was deleted." in text_of(response)
    assert not Run.objects.exists()


def test_what_holds_it_is_said_with_a_link_and_without_a_button(
    run: Run,  # noqa: F811
    as_maria: Client,
    maria: User,  # noqa: F811
) -> None:
    create_link(kind="run", ids={"runs": [run.pk]}, by=maria)
    address = reverse("deleting:run", args=[run.pk])

    page = as_maria.get(address)

    assert "An open share link shows it; revoke the link first: Ramp" in text_of(page)
    assert reverse("sharing:list") in page.content.decode()
    assert "button--danger" not in page.content.decode()
    assert as_maria.post(address).status_code == 409
    assert Run.objects.exists()


def test_a_run_that_works_offers_no_deletion(team: Team, as_maria: Client) -> None:
    busy = RunFactory.create(team=team)
    address = reverse("deleting:run", args=[busy.pk])

    assert address not in as_maria.get(busy.get_absolute_url()).content.decode()
    page = as_maria.get(address)
    assert "has not ended; cancel it, or wait for its end: " in text_of(page)
    assert reverse("jobs:detail", args=[busy.current_job_id]) in page.content.decode()


def test_a_member_is_offered_their_own_alone(run: Run, rival: Run, as_bob: Client, bob: User):  # noqa: F811
    Run.objects.filter(pk=run.pk).update(created_by=bob)

    own, other = (reverse("deleting:run", args=[each.pk]) for each in (run, rival))

    assert own in as_bob.get(run.get_absolute_url()).content.decode()
    assert other not in as_bob.get(rival.get_absolute_url()).content.decode()
    assert as_bob.get(own).status_code == 200
    assert as_bob.get(other).status_code == 403


def test_scores_are_deleted_and_the_run_stays(run: Run, as_maria: Client) -> None:  # noqa: F811
    address = reverse("deleting:scores", args=[run.pk])
    assert "“Resume” scores it again" in text_of(as_maria.get(address))

    response = as_maria.post(address, follow=True)

    assert response.redirect_chain == [(run.get_absolute_url(), 302)]
    shown = text_of(response)
    assert "The scores of “Ramp” were deleted." in shown
    assert "Maria deleted the scores." in shown
    assert "Resume" in shown


def test_a_sweep_goes_with_its_runs(run: Run, as_maria: Client) -> None:  # noqa: F811
    sweep = sweep_of(run)
    address = reverse("deleting:sweep", args=[sweep.pk])
    assert address in as_maria.get(sweep.get_absolute_url()).content.decode()
    assert "delete the whole sweep" in text_of(as_maria.get(reverse("deleting:run", args=[run.pk])))
    assert "Runs 1" in text_of(as_maria.get(address))

    response = as_maria.post(address, follow=True)

    assert response.redirect_chain == [(reverse("runs:sweeps"), 302)]
    assert not Sweep.objects.exists()


@pytest.mark.parametrize(("name", "status"), [("", 422), ("Other", 422), ("Corridor", 302)])
def test_a_dataset_asks_for_its_name(
    dataset: Dataset,  # noqa: F811
    as_maria: Client,
    name: str,
    status: int,
) -> None:
    dataset.name = "Corridor"
    dataset.save()
    address = reverse("deleting:dataset", args=[dataset.pk])
    detail = reverse("datasets:detail", args=[dataset.pk])
    assert address in as_maria.get(detail).content.decode()
    assert "The videos in /data/corridor stay as they are." in text_of(as_maria.get(address))

    response = as_maria.post(address, {"name": name})

    assert response.status_code == status
    assert Dataset.objects.exists() == (status == 422)


def test_a_feature_set_leads_back_to_its_dataset(dataset: Dataset, as_maria: Client) -> None:  # noqa: F811
    feature_set = FeatureSetFactory.create(dataset=dataset)
    address = reverse("deleting:feature_set", args=[feature_set.pk])
    assert "The files in /data/features stay as they are." in text_of(as_maria.get(address))

    response = as_maria.post(address)

    tab = reverse("datasets:detail", args=[dataset.pk]) + "?tab=features"
    assert response.url == tab  # type: ignore[attr-defined]
    assert not dataset.feature_sets.exists()


def test_what_holds_a_dataset_names_some_of_many(
    run: Run,  # noqa: F811
    as_maria: Client,
    team: Team,
) -> None:
    for number in range(22):
        RunFactory.create(
            team=team, dataset=run.dataset, split=run.split, name=f"More {number}",
            annotation_set=run.annotation_set, current_job=JobFactory.create(ended=True),
        )  # fmt: skip

    shown = text_of(as_maria.get(reverse("deleting:dataset", args=[run.dataset_id])))

    assert "Runs use it; delete these first: Ramp , More 0 , More 1 , " in shown
    assert "More 18 and 3 more" in shown


def test_the_number_of_queries_does_not_grow_with_what_hangs_on_it(
    run: Run,  # noqa: F811
    rival: Run,  # noqa: F811
    as_maria: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    sweep = sweep_of(run)
    Run.objects.filter(pk=rival.pk).update(sweep=sweep, sweep_row=1)

    with django_assert_max_num_queries(55):
        as_maria.get(reverse("deleting:sweep", args=[sweep.pk]))
