"""Submitting a run through its form, and acting on one."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ml.supervision import POLICIES, Supervision
from tests.factories.datasets import SplitMemberFactory
from tests.factories.runs import (
    MethodFactory,
    RunFactory,
    TrainableSplitFactory,
    TrainingPointFactory,
)
from webapp.accounts.models import Team, User
from webapp.datasets.models import Part, Split
from webapp.jobs.models import Job
from webapp.pages.forms.runs import address_of_form
from webapp.runs.models import TOLD, Method, Run

NEW = "/runs/new"


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team, dataset__name="Ped2")


@pytest.fixture
def method(db: None) -> Method:
    return MethodFactory.create()


def answers(split: Split, **changes: Any) -> dict[str, Any]:
    return {
        "method": "conv_ae",
        "split": split.pk,
        "seed": "3",
        "selection": "last",
        "queue": "",
        "name": "Baseline",
        "config.epochs": "5",
        "config.input_size": "64, 96",
        "config.norm": "none",
    } | changes


def test_new_without_methods_says_how_they_come(as_bob: Client, split: Split) -> None:
    content = as_bob.get(NEW).content.decode()

    assert "No methods yet" in content
    assert "manage.py up" in content


def test_new_without_datasets_leads_to_registering_one(as_bob: Client, method: Method) -> None:
    content = as_bob.get(NEW).content.decode()

    assert "No dataset to train on" in content
    assert reverse("datasets:new") in content


def test_new_several_methods_are_cards_by_supervision(as_bob: Client, split: Split) -> None:
    MethodFactory.create()
    MethodFactory.create(name="ranking_mil", title="Deep MIL ranking", supervision="weak")

    response = as_bob.get(NEW)

    content = response.content.decode()
    assert content.index("One-class") < content.index("Conv-AE") < content.index("Weakly")
    assert response.context["form"] is None


def test_new_only_method_shows_its_form_with_the_papers_values(
    as_bob: Client, split: Split, method: Method
) -> None:
    content = as_bob.get(NEW).content.decode()

    assert "Hasan et al., CVPR 2016" in content
    assert 'name="config.input_size"' in content
    assert 'value="227, 227"' in content
    assert "Default: 20" in content


@pytest.mark.parametrize("address", [NEW, "/runs/sweeps/new"])
@pytest.mark.parametrize(
    ("supervision", "sentence"),
    [
        ("one-class", "Training is told no ground truth"),
        ("weak", "not when or where: their intervals and regions do not reach it."),
        ("full", "and when: by intervals, or by the regions that it is given."),
    ],
)
def test_new_says_what_its_training_is_told(
    as_bob: Client, split: Split, address: str, supervision: str, sentence: str
) -> None:
    MethodFactory.create(supervision=supervision)

    assert sentence in as_bob.get(address).content.decode()


def test_every_supervision_says_what_it_is_told() -> None:
    assert TOLD.keys() == set(Supervision)
    for each in Supervision:
        knows = POLICIES[each]
        assert ("is told which of its videos are abnormal" in TOLD[each]) is knows.knows_labels
        assert ("and when" in TOLD[each]) is knows.knows_intervals


def test_new_address_prefills_the_form(as_bob: Client, split: Split, method: Method) -> None:
    other = TrainableSplitFactory.create(dataset__team=split.dataset.team)

    response = as_bob.get(NEW, {"dataset": other.dataset_id, "config.epochs": "7", "seed": "9"})

    form = response.context["form"]
    assert form.chosen_split == other
    assert form["seed"].value() == "9"
    assert form.config["epochs"] == 7


def test_new_offers_only_the_newest_version_of_a_split(
    as_bob: Client, split: Split, method: Method
) -> None:
    newer = TrainableSplitFactory.create(dataset=split.dataset, version=split.version + 1)

    assert list(as_bob.get(NEW).context["form"].splits) == [newer.pk]


@pytest.fixture
def folds(split: Split) -> list[Split]:
    """Three, of the newest version; there are an older one and a dataset that comes first."""
    TrainableSplitFactory.create(dataset__team=split.dataset.team, dataset__name="Avenue")
    version = split.version + 1
    made = [
        TrainableSplitFactory.create(dataset=split.dataset, version=version, fold=fold)
        for fold in (3, 1, 2)
    ]
    return sorted(made, key=lambda each: each.fold)


def test_new_offers_every_fold_in_order(
    as_bob: Client, split: Split, folds: list[Split], method: Method
) -> None:
    response = as_bob.get(NEW)

    assert list(response.context["form"].splits.values())[1:] == folds
    version = split.version + 1
    assert f"Ped2 · published v{version}, fold 3</option>" in response.content.decode()
    assert as_bob.get(NEW, {"dataset": split.dataset_id}).context["form"].chosen_split == folds[0]


@pytest.mark.parametrize("place", range(4))
def test_new_with_changes_keeps_the_split_of_the_run(
    as_bob: Client, split: Split, folds: list[Split], place: int
) -> None:
    """The third of three folds, and a version that is not the newest, among them."""
    of_run = [split, *folds][place]
    run = RunFactory.create(team=split.dataset.team, dataset=split.dataset, split=of_run)

    address = address_of_form(run)
    response = as_bob.get(address)

    assert response.context["form"].chosen_split == of_run
    assert f'<option value="{of_run.pk}" selected>' in response.content.decode()
    assert "no longer offered" not in response.content.decode()
    assert of_run.pk in as_bob.post(f"{NEW}/equivalent", answers(of_run)).context["rest_call"]
    assert as_bob.post(address, answers(folds[0])).status_code == 302  # another may be chosen
    assert as_bob.post(NEW, answers(of_run)).status_code == 302
    assert Run.objects.first().split == of_run


def test_new_says_that_a_split_is_no_longer_offered(
    as_bob: Client, split: Split, folds: list[Split], method: Method
) -> None:
    gone = TrainableSplitFactory.create(
        dataset__team=split.dataset.team, dataset__name="Gone", dataset__content_hash=""
    )
    foreign = TrainableSplitFactory.create(dataset__name="Foreign")
    for lost in (gone, foreign):
        response = as_bob.get(NEW, {"split": lost.pk, "dataset": split.dataset_id})

        assert "is no longer offered" in response.content.decode()
        assert response.context["form"].chosen_split == folds[0]
        assert as_bob.post(f"{NEW}?split={lost.pk}", answers(lost)).status_code == 422
    assert not Run.objects.exists()


def test_submit_creates_the_run_and_leads_to_it(
    as_bob: Client, bob: User, split: Split, method: Method
) -> None:
    response = as_bob.post(NEW, answers(split))

    run = Run.objects.get()
    assert response["Location"] == f"/runs/{run.pk}"
    assert run.config == {"epochs": 5, "input_size": [64, 96], "is_grey": False, "norm": "none"}
    assert (run.seed, run.name, run.created_by) == (3, "Baseline", bob)


def test_submit_faults_stand_next_to_their_fields_and_nothing_is_lost(
    as_bob: Client, split: Split, method: Method
) -> None:
    response = as_bob.post(NEW, answers(split, **{"config.epochs": "0", "seed": "x"}))

    content = response.content.decode()
    assert response.status_code == 422
    assert "epochs: 0 is less than the smallest allowed value 1" in content
    assert "Enter a whole number." in content
    assert 'value="64, 96"' in content
    assert 'value="Baseline"' in content
    assert not Run.objects.exists()


def test_submit_refusal_of_the_service_is_shown(
    as_bob: Client, split: Split, method: Method
) -> None:
    split.dataset.videos.filter(part=Part.TRAIN).update(label="fall")

    response = as_bob.post(NEW, answers(split))

    assert response.status_code == 422
    assert "learns from normal videos" in response.content.decode()


def test_submit_of_another_teams_split_is_refused(
    as_charlie: Client, split: Split, method: Method, charlie: User
) -> None:
    TrainableSplitFactory.create(dataset__team=charlie.teams.get())

    assert as_charlie.post(NEW, answers(split)).status_code == 422
    assert not Run.objects.exists()


def test_new_and_submit_are_not_for_viewers(as_vera: Client, split: Split, method: Method) -> None:
    assert as_vera.get(NEW).status_code == 403
    assert as_vera.post(NEW, answers(split)).status_code == 403


def test_new_for_a_strangers_dataset(as_charlie: Client, split: Split, method: Method) -> None:
    assert as_charlie.get(NEW, {"dataset": split.dataset_id}).status_code == 404


def test_equivalent_holds_what_differs_from_the_paper(
    as_bob: Client, split: Split, method: Method
) -> None:
    context = as_bob.post(f"{NEW}/equivalent", answers(split)).context

    body = context["rest_call"].partition("-d '")[2].rstrip("'")
    assert f'"split": "{split.pk}"' in body
    assert '"epochs": 5' in body
    assert '"is_grey": false' in body
    assert "--seed 3" in context["command"]
    assert "--set 'input_size=64, 96'" in context["command"]


def test_equivalent_leaves_out_what_does_not(as_bob: Client, split: Split, method: Method) -> None:
    context = as_bob.get(NEW).context

    assert '"config"' not in context["rest_call"]
    assert "--seed" not in context["command"]


def test_new_queries(
    as_bob: Client, method: Method, team: Team, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        SplitMemberFactory.create(split=TrainableSplitFactory.create(dataset__team=team))

    with django_assert_max_num_queries(15):
        as_bob.get(NEW)


@pytest.fixture
def run(team: Team) -> Run:
    return RunFactory.create(team=team)


def test_cancel_ends_a_waiting_run(as_bob: Client, run: Run) -> None:
    response = as_bob.post(f"/runs/{run.pk}/cancel")

    assert response["Location"] == f"/runs/{run.pk}"
    assert Job.objects.get().status == Job.Status.CANCELLED


def test_cancel_twice_says_that_it_has_ended(as_bob: Client, run: Run) -> None:
    as_bob.post(f"/runs/{run.pk}/cancel")

    assert as_bob.post(f"/runs/{run.pk}/cancel").status_code == 409


def test_resume_submits_another_job(as_bob: Client, team: Team) -> None:
    run = RunFactory.create(team=team, current_job__ended=True, current_job__status="failed")

    response = as_bob.post(f"/runs/{run.pk}/resume")

    assert response["Location"] == f"/runs/{run.pk}"
    assert Run.objects.get().status == Job.Status.CREATED


@pytest.mark.parametrize("act", ["cancel", "resume"])
def test_acts_are_not_for_viewers_and_strangers(
    as_vera: Client, as_charlie: Client, run: Run, act: str
) -> None:
    assert as_vera.post(f"/runs/{run.pk}/{act}").status_code == 403
    assert as_charlie.post(f"/runs/{run.pk}/{act}").status_code == 404
    assert as_vera.get(f"/runs/{run.pk}/{act}").status_code == 405


def test_progress_shows_rate_and_time_left_and_asks_again(as_vera: Client, run: Run) -> None:
    progress = {"stage": "train", "done": 3, "total": 20, "unit": "epochs"}
    progress |= {"per_second": 0.4, "eta_seconds": 42.5}
    Job.objects.update(status="running", progress=progress)

    response = as_vera.get(f"/runs/{run.pk}/progress")

    content = response.content.decode()
    assert "3 / 20 epochs" in content
    assert "2.5 s each" in content
    assert "42 s left" in content
    assert 'hx-trigger="every 2s"' in content


def test_progress_of_an_ended_run_asks_no_more(as_vera: Client, team: Team) -> None:
    run = RunFactory.create(team=team, current_job__ended=True)

    assert "hx-trigger" not in as_vera.get(f"/runs/{run.pk}/progress").content.decode()


def test_progress_reloads_the_page_when_the_state_has_changed(as_vera: Client, run: Run) -> None:
    same = as_vera.get(f"/runs/{run.pk}/progress", {"shown": f"{run.current_job_id}-created"})
    other = as_vera.get(f"/runs/{run.pk}/progress", {"shown": f"{run.current_job_id}-running"})

    assert "HX-Refresh" not in same
    assert other["HX-Refresh"] == "true"


def test_progress_of_a_waiting_run_says_why(as_vera: Client, run: Run) -> None:
    content = as_vera.get(f"/runs/{run.pk}/progress").content.decode()

    assert "No worker is alive for queue cpu." in content
    assert "number 1 in queue cpu" in content


def test_curve_is_a_figure(as_vera: Client, run: Run) -> None:
    TrainingPointFactory.create(run=run, step=10, values={"train_loss": 0.5})

    figure = as_vera.get(f"/runs/{run.pk}/curve").json()

    assert figure["data"][0]["y"] == [0.5]


@pytest.mark.parametrize("page", ["progress", "curve"])
def test_parts_of_a_run_are_hidden_from_strangers(as_charlie: Client, run: Run, page: str) -> None:
    assert as_charlie.get(f"/runs/{run.pk}/{page}").status_code == 404
