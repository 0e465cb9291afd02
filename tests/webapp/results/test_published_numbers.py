"""Somebody's published scores of UCSD Ped2 give the published numbers: stored, over REST, on pages.

The same arrays under other rules give the other numbers that papers would print for them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from tests.evaluating import end_evaluations
from tests.factories.datasets import VideoFactory
from tests.factories.results import add_to_test
from tests.factories.runs import RunFactory
from tests.webapp.results.scores.test_uploads import BINARY, page_answers
from webapp.accounts.models import Team
from webapp.datasets.models import Split
from webapp.runs.models import Run

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.shared_data,
    pytest.mark.usefixtures("eager_worker"),
]

PADDING_ALONE = {"macro_padding": True, "metric": "macro_auroc"}
# By protocol: the number, to four digits but for the one that was published with five.
PUBLISHED = {
    ("frame-raw", "auroc"): 0.95695,
    ("frame-raw", "macro_auroc"): 0.9525,
    ("frame-macro", "macro_auroc"): 0.9525,
    ("frame-per-video", "auroc"): 0.9603,
    ("frame-macro-padded", "macro_auroc"): 0.9687,  # each video is stretched to 0…1 before
}


@pytest.fixture
def ped2(shared_data: Path, team: Team) -> Split:
    template = RunFactory.create(team=team)
    masks = np.load(shared_data / "ped2/gt/ped2_pixel_masks.npz")
    for number in sorted(masks.files):
        labels = masks[number].any(axis=(1, 2)).astype(np.uint8)
        video = VideoFactory.create(
            dataset=template.dataset, name=f"testing/{number}", n_frames=len(labels)
        )
        add_to_test(template, video, labels)
    return template.split


@pytest.fixture
def published(shared_data: Path) -> bytes:
    folder = shared_data / "ped2/published-scores"
    return (folder / "hyrsta_best_normalized_losses.npy").read_bytes()


@pytest.fixture
def run(as_bob: Client, ped2: Split, published: bytes) -> Run:
    """Brought over REST. Its makers chose the best of their checkpoints on the test clips."""
    facts = {"dataset": ped2.dataset_id, "method_title": "Hyrsta", "selection": "test"}
    body = facts | {"split": ped2.pk}
    made = as_bob.post("/api/v1/uploaded-runs", body, "application/json").json()
    assert as_bob.put(made["scores_url"], published, BINARY).json()["is_complete"]
    return Run.objects.get(pk=made["id"])


def get(client: Client, run: Run, name: str) -> Any:
    return client.get(f"/api/v1/runs/{run.pk}/{name}").json()


def text_of(client: Client, address: str) -> str:
    """What the page says, without its marks."""
    page = client.get(address).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def assert_published(answer: Any) -> None:
    found = {each["protocol"]["slug"]: each["metrics"] for each in answer["results"]}
    given = {(slug, name): found[slug][name] for slug, name in PUBLISHED}
    assert given == pytest.approx(PUBLISHED, abs=5e-5)
    assert given["frame-raw", "auroc"] == pytest.approx(0.95695, abs=5e-6)


def test_over_rest(as_bob: Client, run: Run) -> None:
    answer = get(as_bob, run, "evaluation")
    assert_published(answer)
    assert {each["selected_on_test"] for each in answer["results"]} == {True}
    [raw] = [each for each in answer["results"] if each["protocol"]["slug"] == "frame-raw"]
    assert (raw["counts"]["n_videos"], raw["counts"]["n_undefined_videos"]) == (12, 4)
    low, high = raw["intervals"]["auroc"]
    assert low < 0.95695 < high


def test_through_the_page(as_bob: Client, ped2: Split, published: bytes) -> None:
    as_bob.post("/runs/upload", page_answers(ped2, published))
    assert_published(get(as_bob, Run.objects.get(kind=Run.Kind.UPLOADED), "evaluation"))


def test_on_the_page(as_bob: Client, run: Run) -> None:
    """Each protocol's row says its own numbers, rounded, never cut."""
    page = text_of(as_bob, f"/runs/{run.pk}")
    assert "0.957 AUC (frame-level)" in page
    assert "Frame level, raw scores v2 0.957 0.990 0.990 0.107 0.952" in page  # 0.95247
    assert "Frame level, normalised per video v2 0.960" in page
    padded = page[page.index("Frame level, mean of padded videos v1") :]
    assert padded.split()[11] == "0.969"
    assert "12 videos, 2010 frames, 1648 of them abnormal." in page
    assert "The AUC of 4 videos is undefined" in page


def test_accuracy_of_whole_videos(as_bob: Client, run: Run) -> None:
    """All twelve clips hold something abnormal, and all reach the threshold."""
    page = text_of(as_bob, f"/runs/{run.pk}")
    assert "1.000 Accuracy (video-level), 12 of 12 0.758 – 1.000" in page  # Wilson's
    assert "n = 12 videos, fewer than 200: the intervals are wide." in page
    clips = get(as_bob, run, "evaluation")["results"][0]["thresholds"][0]["clips"]
    assert (clips["n_right"], clips["n"], clips["accuracy"]) == (12, 12, 1)
    assert clips["interval"] == pytest.approx([1 / (1 + 1.959964**2 / 12), 1])


def test_looks_at_the_test_clips_are_counted(as_bob: Client, run: Run) -> None:
    assert "Looks at its test part 1" in text_of(as_bob, f"/runs/{run.pk}")


def test_other_rules(as_bob: Client, run: Run) -> None:
    """Padding alone is a rule of the team's own; without the first four frames is in the grid."""
    body = {"title": "Padded", "settings": PADDING_ALONE}
    assert as_bob.post("/api/v1/protocols", body, "application/json").status_code == 201
    wanted, address = {"protocol": "padded"}, f"/api/v1/runs/{run.pk}/evaluation"
    assert as_bob.post(address, wanted, "application/json").status_code == 202
    assert end_evaluations() == 1
    answer = get(as_bob, run, "sensitivity")
    found = {(each["origin"], each["title"]): each["value"] for each in answer["results"]}
    assert answer["selected_on_test"]
    assert answer["headline"] == pytest.approx(0.95695, abs=5e-6)
    assert found["team", "Padded"] == pytest.approx(0.9698, abs=5e-5)
    assert found["grid", "pooled, first 4 frames left out"] == pytest.approx(0.9599, abs=5e-5)
    assert found["grid", "pooled, 0…1 in each video"] == pytest.approx(0.9603, abs=5e-5)
    assert found["grid", "mean of videos"] == pytest.approx(0.9525, abs=5e-5)
    page = text_of(as_bob, f"/runs/{run.pk}/sensitivity")
    for shown in (
        "Padded v1 team 0.9698",
        "pooled, first 4 frames left out 0.9599 – +0.0029",
        "pooled, 0…1 in each video 0.9603",
        "mean of videos 0.9525",
        "AUC of frames from 0.9480 to 0.9698",
    ):
        assert shown in page
