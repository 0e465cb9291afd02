"""Explanations on the video page, in a real browser: what segments add to the score of a frame."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.test_video_page import N_FRAMES, at_frame, click_at, scored, video, wait_until
from tests.factories.datasets import FeatureSetFactory
from tests.factories.runs import CheckpointFactory
from webapp.jobs.models import Job
from webapp.jobs.services import request_cancel
from webapp.results.scores.explanations import Sheet, land

__all__ = ["video"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROW = 16  # frames
N_ROWS = N_FRAMES // ROW
BARS = """() => ["more", "less", "covered"].map((name) =>
  (document.getElementById(`reasons-${name}`).getAttribute("d") ?? "").match(/M/g)?.length ?? 0)"""


def target(row: int) -> dict:
    """Its own row raises the score, the others lower it."""
    values = [0.6 if other == row else -0.1 for other in range(N_ROWS)]
    return {
        "row": row, "first_row": 0, "score": 0.7, "baseline_score": 0.5, "gap": 0.0,
        "is_complete": True, "steps": 16, "values": values,
    }  # fmt: skip


def explained(run, video, folder: Path, rows: range, name: str) -> None:
    told = {
        "rule": "Integrated gradients.", "baseline": "normal", "stride": 1, "n_rows": N_ROWS,
        "first_frame": 0, "row_length": float(ROW), "targets": [target(row) for row in rows],
        "why_no_map": "Histograms are no network.",
    }  # fmt: skip
    (folder / "segments.json").write_text(json.dumps(told))
    facts = {
        "kind": "segments", "target": name, "rule": "", "first_frame": rows.start * ROW,
        "frames_per_map": ROW, "n_maps": len(rows), "height": 1, "width": N_ROWS, "columns": 1,
        "highest": 0.6, "layer": "", "likeness_to_random": None,
    }  # fmt: skip
    land(run, [Sheet(video_id=video.pk, path=folder / "segments.json", facts=facts)])


@pytest.fixture
def run(video):
    run = scored(video, "Bags", np.arange(N_FRAMES))
    run.feature_set = FeatureSetFactory.create(dataset=run.dataset)
    run.save()
    return run


def test_bars_and_list_follow_the_frame_and_the_pointer(open_page, alice, video, run, tmp_path):
    explained(run, video, tmp_path, range(1, 3), "16-48")
    page = open_page(alice, f"/videos/{video.pk}?f=20")
    at_frame(page, 20)

    expect(page.locator("#reasons-difference")).to_have_text("+0.2")
    first = page.locator("#reasons-rows tr").first
    expect(first).to_contain_text("16–31")
    expect(first).to_contain_text("+0.6")
    expect(page.get_by_text("Histograms are no network.")).to_be_visible()
    assert page.evaluate(BARS) == [1, N_ROWS - 1, 2]
    moment = page.get_by_role("button", name="Explain this moment")
    expect(moment).to_be_disabled()  # nothing is explained twice
    click_at(page, ".timeline__truth", 40)  # of the third row
    expect(first).to_contain_text("32–47")
    page.mouse.move(0, 0)
    click_at(page, ".timeline__truth", 70)
    page.mouse.move(0, 0)
    expect(page.get_by_text("not among those that are explained")).to_be_visible()
    assert page.evaluate(BARS) == [0, 0, 2]
    expect(moment).to_be_enabled()
    expect(page.get_by_role("button", name="Explain this video")).to_be_enabled()


def test_what_a_job_makes_appears_while_the_page_is_open(open_page, alice, video, run, tmp_path):
    page = open_page(alice, f"/videos/{video.pk}?f=20")
    at_frame(page, 20)
    expect(page.locator("#reasons-lane")).to_be_hidden()
    job = Job.objects.create(
        team=run.team, kind="explain", subject_id=run.pk, title="x", queue="cpu",
        spec={"parts": [{"video": video.pk, "target": ""}], "layer": ""},
    )  # fmt: skip
    page.reload()
    expect(page.locator("#reasons-job")).to_contain_text("Created")
    whole = page.get_by_role("button", name="Explain this video")
    expect(whole).to_be_disabled()
    expect(page.locator("#reasons-again")).to_be_hidden()

    explained(run, video, tmp_path, range(N_ROWS), "")
    Job.objects.filter(pk=job.pk).update(status="succeeded", finished_at="2026-11-27T00:00Z")

    expect(page.locator("#reasons-rows tr").first).to_contain_text("16–31")
    expect(page.locator("#reasons-job")).to_be_hidden()
    wait_until(page, lambda: page.evaluate(BARS) == [1, N_ROWS - 1, N_ROWS])
    expect(whole).to_be_disabled()


def test_a_job_that_was_cancelled_is_told_and_can_be_asked_for_again(open_page, alice, video, run):
    CheckpointFactory.create(run=run, is_final=True)
    page = open_page(alice, f"/videos/{video.pk}?f=20")
    at_frame(page, 20)
    page.get_by_role("button", name="Explain this moment").click()
    expect(page.locator("#reasons-job")).to_contain_text("Queued")
    job = Job.objects.get(kind="explain")

    request_cancel(job=job, by=alice)

    told = page.locator("#reasons-job")
    expect(told).to_contain_text("Cancelled")
    expect(told).to_contain_text("Cancelled by Alice before it started. It can be asked for again.")
    page.get_by_role("button", name="Explain this moment").click()
    expect(told).to_contain_text("Queued")
    expect(page.locator("#reasons-again")).to_be_hidden()
    assert Job.objects.filter(kind="explain").count() == 2
