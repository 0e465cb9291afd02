"""A team with two scored runs on one dataset, and links to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile

from tests.evaluating import evaluate_under_each
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.datasets.models import Video
from webapp.results.protocols.presets import ensure_protocols
from webapp.runs.models import Run
from webapp.sharing import services

Share = Callable[..., str]
LABELS = {"gate": [0, 0, 1, 1], "yard": [0, 1, 1, 0]}


@pytest.fixture
def run(team: Team) -> Run:
    run = labelled_run(LABELS, team=team, name="Ramp")
    return scored(run, gate=(0.1, 0.2, 0.9, 0.8), yard=(0.3, 0.7, 0.2, 0.1))


@pytest.fixture
def rival(run: Run) -> Run:
    """On the same split and ground truth."""
    basis = {"dataset": run.dataset, "split": run.split, "annotation_set": run.annotation_set}
    rival = RunFactory.create(team=run.team, name="Noise", **basis)
    return scored(rival, gate=(0.5, 0.1, 0.6, 0.2), yard=(0.3, 0.2, 0.8, 0.1))


def scored(run: Run, **scores: tuple[float, ...]) -> Run:
    score_set = save_by_name(run, {name: float32(*each) for name, each in scores.items()})
    evaluate_under_each(score_set, ensure_protocols())
    run.refresh_from_db()
    return run


@pytest.fixture
def video(run: Run) -> Video:
    """With all its files."""
    video: Video = run.dataset.videos.get(name="gate")
    for name in ("poster", "contact_sheet", "proxy"):
        getattr(video, name).save(name, ContentFile(f"the {name} of gate".encode()))
    return video


@pytest.fixture
def other_video(run: Run, video: Video) -> Video:
    other: Video = run.dataset.videos.get(name="yard")
    for name in ("poster", "contact_sheet", "proxy"):
        getattr(other, name).save(name, ContentFile(f"the {name} of yard".encode()))
    return other


@pytest.fixture
def share(bob: User) -> Share:
    """Makes a link and gives its path."""

    def make(kind: str, ids: dict[str, Any], **choices: Any) -> str:
        _link, address = services.create_link(kind=kind, ids=ids, by=bob, **choices)
        return "/s/" + address.rpartition("/")[2]

    return make


@pytest.fixture
def run_path(share: Share, run: Run) -> str:
    return share("run", {"runs": [run.pk]})


@pytest.fixture
def moment_path(share: Share, run: Run, video: Video) -> str:
    return share("moment", moment_of(video, run), includes_video=True)


def moment_of(video: Video, *runs: Run, **others: Any) -> dict[str, Any]:
    return {"video": video.pk, "runs": [run.pk for run in runs], "frame": 2} | others


def protocol_id(slug: str = "frame-raw") -> int:
    return next(each.pk for each in ensure_protocols() if each.slug == slug)
