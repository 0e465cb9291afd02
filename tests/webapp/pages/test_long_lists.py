"""Datasets with many videos: pages show the first of them, and all on request, without scripts."""

from __future__ import annotations

import re

import numpy as np
import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from ml.records import Scores
from tests.evaluating import evaluate_under_each
from tests.factories.results import labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.common.long_lists import N_SHOWN, long_list
from webapp.results.protocols.presets import ensure_protocols
from webapp.runs.models import Run
from webapp.sharing.services import create_link

N_VIDEOS = 30
NAMES = [f"clip-{number:02}" for number in range(N_VIDEOS)]
ADDRESS = re.compile(r'href="(\?[^"]*)">Show all (\d+)</a>')


def scored(run: Run, seed: int) -> Run:
    rng = np.random.default_rng(seed)
    values = {name: Scores(values=rng.random(8, np.float32)) for name in NAMES}
    score_set = save_by_name(run, values)
    evaluate_under_each(score_set, ensure_protocols())
    return run


@pytest.fixture
def run(team: Team) -> Run:
    return scored(labelled_run(dict.fromkeys(NAMES, [0, 1] * 4), team=team, name="Ramp"), 1)


@pytest.fixture
def rival(run: Run) -> Run:
    basis = {name: getattr(run, name) for name in ("team", "dataset", "split", "annotation_set")}
    return scored(RunFactory.create(name="Noise", **basis), 2)


def names_in(page: str, section: str) -> list[str]:
    part = page[page.index(f'id="{section}"') :].partition("</section>")[0]
    return re.findall(r"clip-\d\d", re.sub(r"<[^>]+>", " ", part))


def rest_of(page: str, section: str) -> tuple[str, int]:
    """Address and length of the whole list of a section."""
    [(address, n)] = ADDRESS.findall(
        page[page.index(f'id="{section}"') :].partition("</section>")[0]
    )
    return address.replace("&amp;", "&"), int(n)


def assert_shortened(client: Client, address: str, section: str, n: int, most: int) -> None:
    page = client.get(address).content.decode()
    first = names_in(page, section)
    assert len(first) == most
    more, told = rest_of(page, section)
    assert told == n
    assert more.endswith(f"#{section}")
    whole = client.get(address.partition("?")[0] + more).content.decode()
    shown = names_in(whole, section)
    assert (len(shown), shown[:most]) == (n, first)
    assert "Show all" not in whole[whole.index(f'id="{section}"') :].partition("</section>")[0]


def test_videos_of_a_run(as_vera: Client, run: Run) -> None:
    assert_shortened(as_vera, f"/runs/{run.pk}", "videos", N_VIDEOS, N_SHOWN)


def test_videos_of_a_shared_run(client: Client, run: Run, bob: User) -> None:
    _link, address = create_link(kind="run", ids={"runs": [run.pk]}, by=bob)
    path = "/s/" + address.rpartition("/")[2]
    assert_shortened(client, path, "videos", N_VIDEOS, N_SHOWN)


def test_videos_of_a_comparison(as_vera: Client, run: Run, rival: Run) -> None:
    """The whole list keeps what is compared."""
    address = f"/compare?run={run.pk}&run={rival.pk}&protocol=frame-ap"
    n = len(as_vera.get(f"{address}&videos=all").context["videos"].shown)
    assert n > N_SHOWN
    assert_shortened(as_vera, address, "videos", n, N_SHOWN)
    more, _n = rest_of(as_vera.get(address).content.decode(), "videos")
    for kept in (f"run={run.pk}&run={rival.pk}", "protocol=frame-ap"):
        assert kept in more


def test_events_and_false_alarms(as_vera: Client, run: Run) -> None:
    """Four events of one frame in each video."""
    address = f"/runs/{run.pk}/operating-points?threshold=0.2&merge_seconds=0"
    assert_shortened(as_vera, address, "events", 4 * N_VIDEOS, N_SHOWN)
    more, _n = rest_of(as_vera.get(address).content.decode(), "events")
    assert "threshold=0.2" in more


@pytest.mark.parametrize(
    ("address", "n", "shown"),
    [("/", 25, 25), ("/", 26, 25), ("/?rows=all", 26, 26), ("/?rows=x", 26, 25)],
)
def test_a_list(rf: RequestFactory, address: str, n: int, shown: int) -> None:
    found = long_list(rf.get(address), "rows", range(n))
    assert (list(found.shown), found.n, found.n_hidden) == (list(range(shown)), n, n - shown)
    assert found.address == ("?rows=all#rows" if shown < n else "")


@pytest.mark.parametrize("query", ["", "?videos=all"])
def test_queries_do_not_grow_with_the_videos(as_vera: Client, run: Run, query: str) -> None:
    with CaptureQueriesContext(connection) as few:
        as_vera.get(f"/runs/{run.pk}{query}")
    assert len(few) < 30


def test_pages_lead_to_what_thresholds_and_rules_do(as_vera: Client, run: Run) -> None:
    page = as_vera.get(f"/runs/{run.pk}").content.decode()
    for name in ("operating-points", "sensitivity"):
        assert f'href="/runs/{run.pk}/{name}"' in page
        assert as_vera.get(f"/runs/{run.pk}/{name}").status_code == 200
