"""Scores and evaluations over REST."""

from io import BytesIO

import numpy as np
import pytest
from django.test import Client

from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.results.models import Evaluation
from webapp.runs.models import Run


@pytest.fixture
def addresses(scored_run: Run) -> dict[str, str]:
    """Of the scores of each video, by name."""
    videos = scored_run.dataset.videos.all()
    return {each.name: f"/api/v1/runs/{scored_run.pk}/scores/{each.pk}" for each in videos}


def test_scores_listed(reader: Client, scored_run: Run, addresses: dict[str, str]) -> None:
    scores = reader.get(f"/api/v1/runs/{scored_run.pk}/scores").json()

    assert scores["rule"] == "the last frame of b gets none"
    assert [each["url"] for each in scores["videos"]] == [addresses["a"], addresses["b"]]
    assert [each["n_frames"] for each in scores["videos"]] == [4, 3]


def test_scores_as_json_have_null_where_there_is_none(
    reader: Client, addresses: dict[str, str]
) -> None:
    frames = reader.get(addresses["b"]).json()["frames"]

    assert frames == [pytest.approx(0.3), pytest.approx(0.1), None]


@pytest.mark.parametrize("how", ["query", "accept"])
def test_scores_as_npy(reader: Client, addresses: dict[str, str], how: str) -> None:
    if how == "query":
        response = reader.get(addresses["b"], {"format": "npy"})
    else:
        response = reader.get(addresses["b"], headers={"accept": "application/x-npy"})

    assert response.headers["Content-Type"] == "application/x-npy"
    frames = np.load(BytesIO(response.content))
    assert frames.dtype == np.float32
    np.testing.assert_array_equal(frames, np.float32([0.3, 0.1, np.nan]))


def test_scores_in_no_other_format(reader: Client, addresses: dict[str, str]) -> None:
    assert reader.get(addresses["a"], {"format": "csv"}).status_code == 404


def test_scores_before_scoring(reader: Client, team: Team) -> None:
    run = RunFactory.create(team=team)

    assert reader.get(f"/api/v1/runs/{run.pk}/scores").status_code == 404
    evaluation = reader.get(f"/api/v1/runs/{run.pk}/evaluation").json()
    assert evaluation == {"n_looks": 0, "results": [], "shortcut": None}


def test_scores_error_is_a_problem_also_for_npy(reader: Client, scored_run: Run) -> None:
    address = f"/api/v1/runs/{scored_run.pk}/scores/vid_none?format=npy"

    response = reader.get(address)

    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"


def test_evaluation_under_each_protocol(reader: Client, scored_run: Run) -> None:
    results = reader.get(f"/api/v1/runs/{scored_run.pk}/evaluation").json()["results"]

    assert len(results) == Evaluation.objects.count() > 1
    for result in results:
        assert result["protocol"]["version"] >= 1
        stored = Evaluation.objects.get(pk=result["id"])
        assert result["protocol"]["slug"] == stored.protocol.slug
        assert result["metrics"] == stored.metrics
        assert result["score_hash"] == scored_run.score_set.content_hash
        assert len(result["per_video"]) == 2


def test_stranger_finds_no_results(
    stranger: Client, scored_run: Run, addresses: dict[str, str]
) -> None:
    run = f"/api/v1/runs/{scored_run.pk}"

    for address in [run, f"{run}/scores", f"{run}/evaluation", addresses["a"]]:
        assert stranger.get(address).status_code == 404
