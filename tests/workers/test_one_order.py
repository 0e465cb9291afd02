"""Labels and scores without names, in one order, from the folder to the number."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED_DATA
from webapp.accounts.models import Team, User
from webapp.datasets.annotation_imports import Given, start_annotation_import, unsettled
from webapp.datasets.services import create_dataset
from webapp.jobs.models import Job, WorkerNode
from webapp.results.models import Evaluation
from webapp.results.uploads import Layout, create_uploaded_run, store_score_set
from workers import supervisor

CASE = SHARED_DATA.parent / "cases" / "two_orders.py"


@pytest.fixture
def folder(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Clips test/zeta/01 and test/alpha/02, one vector of labels, one of scores, alike."""
    if not CASE.is_file():
        pytest.skip(f"no cases at {CASE.parent}: set IWAKAN_SHARED_DATA to the folder beside them")
    folder = Path(settings.DATA_ROOTS[0]) / "orders"
    monkeypatch.setattr(sys, "argv", [CASE.name, str(folder)])
    runpy.run_path(str(CASE), run_name="__main__")
    return folder


def test_labels_and_scores_in_the_same_order_agree(
    folder: Path, team: Team, bob: User, worker: WorkerNode
) -> None:
    dataset = create_dataset(team=team, name="Orders", folder=str(folder), by=bob)
    supervisor.run_next("cpu", worker=worker)
    dataset.refresh_from_db()
    assert Job.objects.get().status == "succeeded", dataset.report
    run = create_uploaded_run(
        team=team, dataset=dataset, split=dataset.splits.get(), method_title="Labels", by=bob
    )

    data = folder.with_name("orders.scores.npy").read_bytes()
    reached = store_score_set(run=run, data=data, layout=Layout(), by=bob)

    assert "test/zeta/01, test/alpha/02 (2 clips)" in reached.notes[0]
    found = Evaluation.objects.get(score_set__run=run, protocol__slug="frame-raw")
    assert found.metrics["auroc"] == 1

    given = Given(name="gt.npy", data=(folder / "gt.npy").read_bytes())
    draft = start_annotation_import(dataset=dataset, given=given, by=bob)
    supervisor.run_next("cpu", worker=worker)
    draft.refresh_from_db()
    assert unsettled(draft.alignment) == []
    intervals = {row["video"]: row["intervals"] for row in draft.alignment["rows"]}
    assert intervals == {"test/zeta/01": [[10, 30, ""]], "test/alpha/02": [[40, 50, ""]]}
