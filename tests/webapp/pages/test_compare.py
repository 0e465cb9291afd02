"""Runs side by side."""

from typing import Any

import numpy as np
import pytest
from django.test import Client

from ml.records import Scores
from tests.evaluating import evaluate, evaluate_under_each
from tests.factories.datasets import AnnotationSetFactory
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Interval
from webapp.results.models import Evaluation
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.studies.comparison import Comparison
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db

N_VIDEOS, N_FRAMES = 12, 40
EVALUATED = {"frame-raw", "frame-macro", "frame-ap"}  # the others take long and are not asked for
RNG = np.random.default_rng(0)
LABELS = {f"v{i}": (np.arange(N_FRAMES) > 20 + i).astype(int).tolist() for i in range(N_VIDEOS)}
NOISE = {name: RNG.normal(size=N_FRAMES) for name in LABELS}


def scored(run: Run, strength: float) -> Run:
    """The stronger, the better it tells the frames apart; the noise is the same for all."""
    scores = {
        name: Scores(values=(NOISE[name] + strength * np.array(labels)).astype(np.float32))
        for name, labels in LABELS.items()
    }
    score_set = save_by_name(run, scores)
    chosen = [each for each in ensure_protocols() if each.slug in EVALUATED]
    evaluate_under_each(score_set, chosen)
    return run


@pytest.fixture
def weak(team: Team) -> Run:
    run = labelled_run(LABELS, team=team, name="Weak", seed=1, current_job__ended=True)
    Interval.objects.filter(annotation_set=run.annotation_set).update(label="Fall")
    return scored(run, 0.5)


@pytest.fixture
def strong(weak: Run) -> Run:
    run = RunFactory.create(
        team=weak.team,
        name="Strong",
        seed=2,
        dataset=weak.dataset,
        split=weak.split,
        annotation_set=weak.annotation_set,
        current_job__ended=True,
    )
    return scored(run, 2.0)


@pytest.fixture
def elsewhere(team: Team) -> Run:
    run = labelled_run({"x": [0, 1]}, team=team, name="Elsewhere", current_job__ended=True)
    evaluate(save_by_name(run, {"x": float32(0, 1)}), ensure_protocols()[0])
    return run


def comparison(*runs: Run) -> Comparison:
    return Comparison(runs, ensure_protocols()[0])


def row(compared: Comparison, name: str) -> Any:
    return next(each for each in compared.rows if each.name == name)


def test_differences_are_paired(weak: Run, strong: Run) -> None:
    first, second = row(comparison(weak, strong), "auroc").cells

    assert first.difference is None
    assert second.difference.difference == pytest.approx(second.value - first.value)
    low, high = second.difference.interval
    assert 0 < low < second.difference.difference < high
    assert second.is_clear
    # Unpaired, the two intervals would hide a difference as clear as this one.
    assert high - low < (second.interval[1] - second.interval[0]) + (
        first.interval[1] - first.interval[0]
    )


def test_the_best_is_the_lowest_error(weak: Run, strong: Run) -> None:
    compared = comparison(weak, strong)

    assert [cell.is_best for cell in row(compared, "auroc").cells] == [False, True]
    assert [cell.is_best for cell in row(compared, "equal_error_rate").cells] == [False, True]


def test_runs_on_other_data_are_told_apart(weak: Run, strong: Run, elsewhere: Run) -> None:
    compared = comparison(weak, strong, elsewhere)

    assert [column.is_alike for column in compared.columns] == [True, True, False]
    stranger = row(compared, "auroc").cells[2]
    assert (stranger.value, stranger.is_best, stranger.difference) == (1, False, None)


def test_what_cannot_be_paired_says_why(weak: Run, strong: Run, elsewhere: Run) -> None:
    Evaluation.objects.filter(score_set__run=strong).update(replicates={}, replicate_values=b"")

    cells = row(comparison(weak, strong, elsewhere), "auroc").cells

    assert [cell.unpaired for cell in cells] == ["", "no_draws", "other_data"]
    assert [cell.difference for cell in cells] == [None, None, None]


def test_on_a_single_video_nothing_is_paired(as_vera: Client, elsewhere: Run) -> None:
    rival = RunFactory.create(
        team=elsewhere.team, dataset=elsewhere.dataset, split=elsewhere.split,
        annotation_set=elsewhere.annotation_set, current_job__ended=True,
    )  # fmt: skip
    evaluate(save_by_name(rival, {"x": float32(1, 0)}), ensure_protocols()[0])

    cells = row(comparison(elsewhere, rival), "auroc").cells
    response = as_vera.get("/compare", {"run": [elsewhere.pk, rival.pk]})

    assert [(cell.value, cell.interval) for cell in cells] == [(1, None), (0, None)]
    assert [cell.unpaired for cell in cells] == ["", "no_draws"]
    assert response.status_code == 200
    page = response.content.decode()
    assert "fewer than two videos have this number" in page
    assert "There are no intervals" in page
    assert "with 95 % intervals" not in page


def test_other_draws_are_not_paired(as_vera: Client, weak: Run, strong: Run) -> None:
    evaluation = Evaluation.objects.filter(score_set__run=strong).first()
    assert evaluation is not None
    Evaluation.objects.filter(score_set__run=strong).update(
        replicates=evaluation.replicates | {"draws": "others"}
    )

    page = as_vera.get("/compare", {"run": [weak.pk, strong.pk]})

    assert row(page.context["comparison"], "auroc").cells[1].unpaired == "other_draws"
    assert "not paired: other videos" in page.content.decode()


def test_clearly_different_runs_are_in_different_groups(
    weak: Run, strong: Run, elsewhere: Run
) -> None:
    assert comparison(weak, strong, elsewhere).groups == [2, 1, None]


def test_second_is_marked_where_two_may_be_compared(weak: Run, strong: Run, elsewhere: Run) -> None:
    cells = row(comparison(weak, strong, elsewhere), "auroc").cells

    assert [cell.is_second for cell in cells] == [True, False, False]


def test_runs_of_one_name_are_told_apart(weak: Run, strong: Run) -> None:
    weak.name = strong.name

    labels = [column.label for column in comparison(weak, strong).columns]

    assert labels == [f"Strong ·{weak.pk[-4:]}", f"Strong ·{strong.pk[-4:]}"]


def test_another_ground_truth_can_be_chosen(as_vera: Client, weak: Run, strong: Run) -> None:
    """Evaluations of both versions are there; the runs were submitted with the first."""
    newer = AnnotationSetFactory.create(dataset=weak.dataset, version=10_000)
    for run in (weak, strong):
        copied = Evaluation.objects.get(score_set__run=run, protocol__slug="frame-raw")
        copied.pk = Evaluation._meta.pk.get_default()
        copied.annotation_set = newer
        copied.metrics |= {"auroc": 0.25}
        copied.save(force_insert=True)

    own = as_vera.get("/compare", {"run": [weak.pk, strong.pk]})
    chosen = as_vera.get("/compare", {"run": [weak.pk, strong.pk], "truth": newer.pk})

    assert list(own.context["truths"]) == [newer, weak.annotation_set]
    assert row(own.context["comparison"], "auroc").cells[0].value != 0.25
    assert [c.value for c in row(chosen.context["comparison"], "auroc").cells] == [0.25, 0.25]
    assert f"truth={newer.pk}" in chosen.context["choice"].address


def test_ground_truth_without_evaluations_is_404(as_vera: Client, weak: Run) -> None:
    other = AnnotationSetFactory.create(dataset=weak.dataset, version=2)

    assert as_vera.get("/compare", {"run": weak.pk, "truth": other.pk}).status_code == 404


def test_a_run_can_be_removed_and_put_first(as_vera: Client, weak: Run, strong: Run) -> None:
    response = as_vera.get("/compare", {"run": [weak.pk, strong.pk], "protocol": "frame-macro"})

    first, without = response.context["links"][1]
    assert [c.run for c in as_vera.get(first).context["comparison"].columns] == [strong, weak]
    left = as_vera.get(without).context
    assert [column.run for column in left["comparison"].columns] == [weak]
    assert left["protocol"].slug == "frame-macro"


def test_curves_are_of_the_video_with_the_largest_difference(
    as_vera: Client, weak: Run, strong: Run
) -> None:
    response = as_vera.get("/compare", {"run": [weak.pk, strong.pk]})

    curves = response.context["curves"]
    assert curves.video == response.context["videos"].shown[0][0]
    figure = as_vera.get(curves.figure_url).json()
    assert [trace["name"] for trace in figure["data"]] == ["Weak", "Strong"]


def test_curves_of_another_video(as_vera: Client, weak: Run, strong: Run) -> None:
    video = weak.dataset.videos.get(name="v7")

    query = {"run": [weak.pk, strong.pk], "video": video.pk}
    curves = as_vera.get("/compare", query).context["curves"]

    assert curves.video == video
    assert len(curves.page.events) == 1
    assert as_vera.get("/compare", query | {"video": "vid_none"}).status_code == 404


def test_curves_leave_out_runs_that_have_not_scored_the_video(
    as_vera: Client, weak: Run, elsewhere: Run
) -> None:
    curves = as_vera.get("/compare", {"run": [weak.pk, elsewhere.pk]}).context["curves"]

    figure = as_vera.get(curves.figure_url).json()
    assert len(figure["data"]) == 1


def test_kinds_of_anomaly_carry_their_number_of_videos(weak: Run, strong: Run) -> None:
    (kind,) = comparison(weak, strong).classes

    assert (kind.label, kind.n_videos, kind.is_few) == ("Fall", N_VIDEOS, False)
    assert len(kind.values) == 2


def test_only_what_differs_is_listed(weak: Run, strong: Run) -> None:
    assert dict(comparison(weak, strong).differing) == {"seed": ["1", "2"]}


def test_videos_with_the_largest_difference_come_first(weak: Run, strong: Run) -> None:
    gaps = [abs(second - first) for _video, (first, second) in comparison(weak, strong).videos]  # type: ignore[operator]

    assert len(gaps) == N_VIDEOS
    assert gaps == sorted(gaps, reverse=True)


def test_page_shows_runs_in_the_order_of_the_address(
    as_vera: Client, weak: Run, strong: Run
) -> None:
    response = as_vera.get("/compare", {"run": [strong.pk, weak.pk]})

    assert [column.run for column in response.context["comparison"].columns] == [strong, weak]
    assert [trace["name"] for trace in response.context["roc"]["data"]] == [
        "chance",
        "Strong",
        "Weak",
    ]
    assert len(response.context["scatter"]["data"][1]["x"]) == N_VIDEOS


def test_page_says_that_data_differ(as_vera: Client, weak: Run, elsewhere: Run) -> None:
    page = as_vera.get("/compare", {"run": [weak.pk, elsewhere.pk]}).content.decode()

    assert "other data" in page


def test_page_without_runs_offers_some(as_vera: Client, weak: Run) -> None:
    response = as_vera.get("/compare")

    assert list(response.context["offered"]) == [weak]


def test_a_run_that_is_not_evaluated_has_dashes(as_vera: Client, weak: Run) -> None:
    waiting = RunFactory.create(team=weak.team)

    response = as_vera.get("/compare", {"run": [weak.pk, waiting.pk]})

    assert row(response.context["comparison"], "auroc").cells[1].value is None


@pytest.mark.parametrize(("query", "status"), [({"protocol": "none"}, 404), ({"run": "x"}, 404)])
def test_what_does_not_exist_is_404(as_vera: Client, query: dict[str, str], status: int) -> None:
    assert as_vera.get("/compare", query).status_code == status


def test_too_many_runs_are_refused(as_vera: Client) -> None:
    response = as_vera.get("/compare", {"run": [f"run_{i}" for i in range(11)]})

    assert response.status_code == 400


def test_page_asks_the_database_the_same_for_many_runs(
    as_vera: Client, weak: Run, strong: Run, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(30):
        as_vera.get("/compare", {"run": [weak.pk, strong.pk]})
