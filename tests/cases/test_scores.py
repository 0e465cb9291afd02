"""Scores that say whose they are, and arrays that go through clips in an order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.conftest import Case, Door
from webapp.accounts.models import User
from webapp.datasets.annotation_imports import accept_annotation_import, unrepairable
from webapp.datasets.models import Dataset
from webapp.results.models import Evaluation
from webapp.results.scores.uploads import create_uploaded_run

RAW = "frame-raw"


def uploaded(door: Door, dataset: Dataset, path: Path, by: User) -> float | None:
    """AUROC of a run with the scores of this file."""
    split = dataset.splits.get()
    run = create_uploaded_run(
        team=dataset.team, dataset=dataset, split=split, method_title="theirs", by=by
    )
    door.bring_scores(run.pk, path)
    found = Evaluation.objects.filter(score_set__run=run, protocol__slug=RAW).first()
    return found.metrics["auroc"] if found else None


@pytest.mark.parametrize("file", ["filename.csv", "video_id.csv", "frame_id.csv", "known.csv"])
def test_headings_that_people_write(case: Case, door: Door, bob: User, file: str) -> None:
    folder = case("scores_other_headings")
    (folder / "videos.csv").write_text("name,n_frames,part\n1,60,test\n2,60,test\n10,60,test\n")
    dataset = door.list_videos(folder / "videos.csv", fps=25)
    (folder / "gt.csv").write_text("video,start_frame,end_frame\n1,10,30\n2,,\n10,40,50\n")
    draft = door.bring_truth(dataset, folder / "gt.csv")
    accept_annotation_import(draft=draft, repairs=[], by=bob)

    assert uploaded(door, dataset, folder / file, bob) == 1.0


def test_labels_and_scores_in_one_order(case: Case, door: Door, bob: User) -> None:
    folder = case("two_orders")
    dataset = door.register(folder)

    scores = folder.with_name(f"{folder.name}.scores.npy")

    assert uploaded(door, dataset, scores, bob) == 1.0
    draft = door.bring_truth(dataset, folder / "gt.npy")
    rows = draft.alignment["rows"]
    assert unrepairable(draft.alignment) == []
    assert {row["video"]: [span[:2] for span in row["intervals"]] for row in rows} == {
        "test/zeta/01": [[10, 30]],
        "test/alpha/02": [[40, 50]],
    }
