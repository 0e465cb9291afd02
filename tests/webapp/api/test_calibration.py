"""The scale of a run's scores over REST, as the command line reads it."""

import numpy as np
import pytest
from django.test import Client

from ml.metrics.calibration import Calibration
from tests.factories.datasets import (
    AnnotationSetFactory,
    IntervalFactory,
    SplitMemberFactory,
    VideoFactory,
)
from tests.factories.results import float32, labelled_run
from tests.factories.runs import CheckpointFactory
from tests.webapp.api.test_schema import assert_as_described
from webapp.accounts.models import Team
from webapp.results.models import ValidationScores
from webapp.results.scores.storing import save_scores
from webapp.runs.models import Run


@pytest.fixture
def run(team: Team) -> Run:
    """Scored. Of its validation videos one is normal, two are abnormal: by label, by intervals."""
    run = labelled_run({"a": [0, 0, 1, 1]}, team=team)
    CheckpointFactory.create(run=run, sha256="5" * 64)
    held_out = {}
    of_videos = {"n": (0.5, 2, 1), "x": (9, 9, 9), "y": (1, 90, 90)}
    for (name, scores), label in zip(of_videos.items(), ("normal", "Fight", ""), strict=True):
        video = VideoFactory.create(dataset=run.dataset, name=name, n_frames=3, label=label)
        SplitMemberFactory.create(split=run.split, video=video, part="validation")
        held_out[video.pk] = float32(*scores)
    IntervalFactory.create(
        annotation_set=run.annotation_set, video=video, start_frame=1, end_frame=3
    )
    scores = {run.dataset.videos.get(name="a").pk: float32(0, 0, 50, 60)}
    save_scores(run=run, job=None, scores=scores, validation=held_out, rule="every frame")
    return run


def test_calibration_is_as_described(reader: Client, client: Client, run: Run) -> None:
    document = client.get("/api/v1/schema").json()

    answer = reader.get(f"/api/v1/runs/{run.pk}/calibration")

    assert_as_described(document, "/api/v1/runs/{run_id}/calibration", "get", answer)


def test_calibration_is_of_normal_validation_scores(reader: Client, run: Run) -> None:
    found = Calibration.from_json(reader.get(f"/api/v1/runs/{run.pk}/calibration").json())

    assert (found.offset, found.highest, found.n_videos, found.n_frames) == (0, 2, 1, 3)
    assert found.quantile == pytest.approx(np.quantile([0.5, 2, 1], 0.99))
    assert found.weights_sha256 == "5" * 64
    assert found.apply(1.0) == 0.5


def test_calibration_counts_frames_not_segments(reader: Client, run: Run) -> None:
    """A score of two frames and one of a shorter rest; a frame without a score is none."""
    ValidationScores.objects.filter(video__name="n").update(
        values=np.float32([0.5, 2]).tobytes(), frames_per_value=2
    )

    found = Calibration.from_json(reader.get(f"/api/v1/runs/{run.pk}/calibration").json())

    assert found.n_frames == 3
    assert found.quantile == pytest.approx(np.quantile([0.5, 0.5, 2], 0.99))


def test_calibration_goes_by_the_ground_truth_of_the_run(reader: Client, run: Run) -> None:
    """A later version does not change what its scores mean."""
    later = AnnotationSetFactory.create(dataset=run.dataset)
    normal = run.dataset.videos.get(name="n")
    IntervalFactory.create(annotation_set=later, video=normal, start_frame=0, end_frame=1)

    assert reader.get(f"/api/v1/runs/{run.pk}/calibration").json()["highest"] == 2


def test_without_validation_scores_there_is_none(reader: Client, scored_run: Run) -> None:
    answer = reader.get(f"/api/v1/runs/{scored_run.pk}/calibration")

    assert answer.status_code == 422
    assert "nothing to calibrate on" in answer.json()["detail"]


def test_strangers_see_none(stranger: Client, run: Run) -> None:
    assert stranger.get(f"/api/v1/runs/{run.pk}/calibration").status_code == 404
