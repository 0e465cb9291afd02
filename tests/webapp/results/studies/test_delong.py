"""DeLong's test from what evaluations keep, beside the same test of the frames."""

import numpy as np
import pytest
from django.template.loader import render_to_string

from ml import metrics
from ml.records import Scores
from tests.evaluating import evaluate
from tests.factories.results import labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.results.models import Evaluation
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.studies.comparison import Comparison
from webapp.results.studies.delong import delong
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db

N_VIDEOS, N_FRAMES = 12, 20
RNG = np.random.default_rng(4)
LABELS = {f"v{i:02d}": (RNG.random(N_FRAMES) < 0.4).astype(int).tolist() for i in range(N_VIDEOS)}
NOISE = (0.5, 3.0)


def noisy(noise: float) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(round(10 * noise))
    return {
        name: (np.array(labels) + noise * rng.normal(size=N_FRAMES)).astype(np.float32)
        for name, labels in LABELS.items()
    }


def evaluated(run: Run, noise: float) -> Evaluation:
    scores = {name: Scores(values=values) for name, values in noisy(noise).items()}
    return evaluate(save_by_name(run, scores), ensure_protocols()[0])


@pytest.fixture
def pair(team: Team) -> list[Evaluation]:
    first = labelled_run(LABELS, team=team, current_job__ended=True)
    second = RunFactory.create(
        team=team,
        dataset=first.dataset,
        split=first.split,
        annotation_set=first.annotation_set,
        current_job__ended=True,
    )
    return [evaluated(run, noise) for run, noise in zip((first, second), NOISE, strict=True)]


def test_it_is_the_test_of_the_frames(pair: list[Evaluation]) -> None:
    found = delong(*pair)

    one, other = (
        metrics.placements(metrics.segments(list(LABELS.values()), list(noisy(noise).values())))
        for noise in NOISE
    )
    expected = metrics.compare_delong(one, other)
    assert found is not None
    assert found.difference == pytest.approx(expected.difference)
    assert found.p_value == pytest.approx(expected.p_value)
    assert found.interval == pytest.approx(expected.interval)
    assert found.difference == pytest.approx(pair[0].metrics["auroc"] - pair[1].metrics["auroc"])


def test_two_that_judged_other_frames_have_none(pair: list[Evaluation], team: Team) -> None:
    first, second = pair
    other = evaluated(labelled_run(LABELS, team=team, current_job__ended=True), 1.0)
    assert delong(first, other) is None
    assert delong(first, None) is None
    second.per_video[0]["n_abnormal_frames"] += 1
    assert delong(first, second) is None
    del second.per_video[0]["abnormal_placements"]
    assert delong(first, second) is None


def test_one_video_of_a_class_gives_no_answer(team: Team) -> None:
    run = labelled_run({"a": [0, 1], "b": [0, 0]}, team=team, current_job__ended=True)
    scores = {name: Scores(values=np.array([0.1, 0.2], np.float32)) for name in ("a", "b")}
    evaluation = evaluate(save_by_name(run, scores), ensure_protocols()[0])
    assert delong(evaluation, evaluation) is None


def test_a_row_of_the_comparison_shows_it(pair: list[Evaluation]) -> None:
    protocol = pair[0].protocol
    comparison = Comparison([each.score_set.run for each in pair], protocol)
    row = render_to_string("results/_delong.html", {"columns": comparison.columns})
    assert "AUC, DeLong test" in row
    assert "p &lt; 0.001" in row
