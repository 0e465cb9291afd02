"""Heat maps on the video page: what it knows of them, who gets the sheet, why there is none."""

import numpy as np
import pytest
from django.core.files.base import ContentFile

from ml.explain.maps import Maps
from tests.factories.results import add_to_test, explain, float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.results.models import ERRORS
from webapp.results.scores.explanations import explanations_on

LABELS = {"a": [0, 0, 1, 1], "b": [0, 0, 0, 0]}


@pytest.fixture
def run(team):
    run = labelled_run(LABELS, team=team, name="First")
    save_by_name(run, {name: float32(0, 1, 4, 3) for name in LABELS})
    return run


@pytest.fixture
def video(run):
    video = run.dataset.videos.get(name="a")
    video.proxy.save("proxy.mp4", ContentFile(b"film"))
    return video


@pytest.fixture
def explained(run, video):
    explain(run, {video: None})
    return video


def page_of(client, video, query=""):
    response = client.get(f"/videos/{video.pk}?{query}")
    return response.context["data"], response.content.decode()


def test_page_knows_the_maps_of_its_runs(as_vera, run, explained):
    second = RunFactory.create(dataset=run.dataset, team=run.team, name="Second")
    add_to_test(second, explained, LABELS["a"])
    save_by_name(second, {"a": float32(1, 2, 3, 4)})
    data, html = page_of(as_vera, explained, f"heat={run.pk}")
    assert list(data["maps"]) == [run.pk]
    facts = data["maps"][run.pk]
    assert (facts["n_maps"], facts["height"], facts["width"], facts["columns"]) == (4, 4, 6, 2)
    assert facts["rule"].startswith("The whole picture is divided into 4 × 6 cells")
    assert data["heat"] == run.pk
    assert 'id="heat-layer"' in html
    assert "disabled>Heat map" not in html


def test_highest_of_the_run_is_over_all_its_videos(run, video):
    other = run.dataset.videos.get(name="b")
    maps = Maps(levels=np.zeros((1, 2, 2), np.uint8), highest=2.0)
    explain(run, {video: None, other: maps})
    [found] = explanations_on(video, [run.score_set], kinds=[ERRORS])
    assert (found.highest, found.highest_of_run) == (0.5, 2.0)


def test_sheet_is_served_to_the_team(as_vera, run, explained):
    response = as_vera.get(f"/videos/{explained.pk}/explanation?run={run.pk}")
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"].startswith("private")
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")


def test_sheet_of_strangers_or_of_no_run_is_not_found(as_vera, as_charlie, run, explained):
    address = f"/videos/{explained.pk}/explanation"
    assert as_charlie.get(f"{address}?run={run.pk}").status_code == 404
    assert as_vera.get(address).status_code == 404
    assert as_vera.get(f"{address}?run=run_0").status_code == 404


def test_button_says_why_there_is_no_heat_map(as_vera, run, video):
    assert "The runs on this video have no error maps" in page_of(as_vera, video)[1]
    run.score_set.delete()
    assert "No run has scored this video" in page_of(as_vera, video)[1]
    video.proxy.delete()
    data, html = page_of(as_vera, video)
    assert "There is no picture here to lay a heat map over" in html
    assert "explanation" not in data["urls"]
