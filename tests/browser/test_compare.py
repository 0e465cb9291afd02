"""Comparison and leaderboard in a real browser: figures are drawn, fetched and saved."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from ml.records import Scores
from tests.evaluating import evaluate_under_each
from tests.factories.results import labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, Interval
from webapp.results.protocols.presets import ensure_protocols
from webapp.runs.models import Run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
N_FRAMES = 200
RNG = np.random.default_rng(0)
LABELS = {
    f"Street/camera {i:02}": (np.abs(np.arange(N_FRAMES) - 60 - 8 * i) < 20).astype(int).tolist()
    for i in range(8)
}
FIGURES = ("intervals", "roc", "pr", "scatter", "classes", "scores")


def scored(run: Run, strength: float) -> Run:
    scores = {
        name: Scores(values=(RNG.normal(size=N_FRAMES) + strength * np.array(labels)).astype("f4"))
        for name, labels in LABELS.items()
    }
    score_set = save_by_name(run, scores)
    evaluate_under_each(score_set, ensure_protocols()[:3])
    return run


@pytest.fixture
def runs(team: Team) -> list[Run]:
    first = labelled_run(LABELS, team=team, name="Conv-AE, grey", current_job__ended=True)
    kinds = ["Fighting", "Falling", "Running"]
    for number, interval in enumerate(Interval.objects.filter(annotation_set=first.annotation_set)):
        Interval.objects.filter(pk=interval.pk).update(label=kinds[number % 3])
    same = {name: getattr(first, name) for name in ("dataset", "split", "annotation_set")}
    others = [
        RunFactory.create(team=team, name=name, seed=seed, current_job__ended=True, **same)
        for name, seed in [("Predicting ST-GAN", 1), ("Reconstructing ST-GAN", 2)]
    ]
    return [
        scored(run, strength) for run, strength in zip([first, *others], (0.6, 2, 1.8), strict=True)
    ]


def address(runs: list[Run]) -> str:
    return "/compare?" + "&".join(f"run={run.pk}" for run in runs)


def saved(page: Page, figure: str, tool: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.locator(f"#{figure} + .plot__tools [data-tool={tool}]").click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def show_all(page: Page, figures: tuple[str, ...] = FIGURES) -> None:
    for figure in figures:
        page.locator(f"#{figure}").scroll_into_view_if_needed()
        expect(page.locator(f"#{figure} .main-svg").first).to_be_visible()


def test_every_figure_is_drawn_and_saved(open_page, alice, runs):
    page = open_page(alice, address(runs))
    show_all(page)

    for figure in FIGURES:
        name, svg = saved(page, figure, "svg")
        assert name.startswith("comparison-")
        assert svg.startswith(b"<svg")
    name, png = saved(page, "roc", "png")
    assert name == "comparison-roc.png"
    assert Image.open(BytesIO(png)).size == (1920, 840)


def test_curves_follow_the_chosen_video(open_page, alice, runs):
    page = open_page(alice, address(runs))
    with page.expect_navigation():
        page.locator("#video").select_option(label="Street/camera 05")
    show_all(page, ("scores",))

    assert page.locator("#video option:checked").inner_text() == "Street/camera 05"
    assert page.locator("#scores .scatterlayer .trace").count() == 3
    expect(page.locator(".compare__truth .strip__interval")).to_have_count(1)


def test_a_run_is_removed_and_added_again(open_page, alice, runs):
    page = open_page(alice, address(runs))
    page.get_by_role("link", name="remove").nth(1).click()
    expect(page.locator(".compare thead a")).to_have_count(2)
    with page.expect_navigation():
        page.locator("#add").select_option(runs[1].pk)
    expect(page.locator(".compare thead a")).to_have_count(3)


def test_ticked_runs_are_compared(open_page, alice, runs):
    page = open_page(alice, "/runs")
    page.get_by_label("Compare Predicting ST-GAN").check()
    page.get_by_label("Compare Conv-AE, grey").check()
    page.get_by_role("button", name="Compare the ticked").click()

    expect(page.locator(".compare thead a")).to_have_count(2)


def test_leaderboard_figure_is_drawn_and_saved(open_page, alice, runs):
    Dataset.objects.filter(pk=runs[0].dataset_id).update(benchmark="ucf-crime")
    page = open_page(alice, f"/leaderboards/{runs[0].dataset_id}")
    show_all(page, ("board-1",))

    name, svg = saved(page, "board-1", "svg")

    assert name == "leaderboard-frame-raw.svg"
    assert b"(reported)" in svg


@pytest.mark.parametrize("path", ["/compare", "/leaderboards", "/leaderboards/{dataset}"])
def test_phone_never_scrolls_sideways(open_page, alice, runs, path):
    query = address(runs).removeprefix("/compare") if path == "/compare" else ""
    page = open_page(alice, path.format(dataset=runs[0].dataset_id) + query, viewport=PHONE)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
