"""Error maps over REST: the facts and the sheet fit together, and strangers get neither."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from ml.explain.maps import Maps
from tests.factories.results import explain
from webapp.results.models import Explanation
from webapp.runs.models import Run

LEVELS = np.random.default_rng(0).integers(0, 256, (3, 4, 6), np.uint8)


@pytest.fixture
def address(scored_run: Run) -> str:
    video = scored_run.dataset.videos.get(name="a")
    maps = Maps(levels=LEVELS, highest=0.25, first_frame=1, frames_per_map=1)
    explain(scored_run, {video: maps})
    return f"/api/v1/runs/{scored_run.pk}/explanations/{video.pk}"


@pytest.mark.parametrize("how", ["query", "accept"])
def test_the_sheet_is_read_as_its_facts_say(reader: Client, address: str, how: str) -> None:
    facts = reader.get(address).json()
    if how == "query":
        answer = reader.get(address, {"format": "png"})
    else:
        answer = reader.get(address, headers={"accept": "image/png"})

    assert answer.headers["Content-Type"] == "image/png"
    sheet = np.asarray(Image.open(BytesIO(answer.content)))
    h, w, columns = facts["height"], facts["width"], facts["columns"]
    tiles = sheet.reshape(-1, h, columns, w).swapaxes(1, 2).reshape(-1, h, w)
    np.testing.assert_array_equal(tiles[: facts["n_maps"]], LEVELS)
    assert (facts["first_frame"], facts["highest"], facts["highest_of_run"]) == (1, 0.25, 0.25)
    assert "4 × 6 cells" in facts["rule"]


def test_a_video_without_maps(reader: Client, scored_run: Run, address: str) -> None:
    other = scored_run.dataset.videos.get(name="b")

    answer = reader.get(f"/api/v1/runs/{scored_run.pk}/explanations/{other.pk}")

    assert answer.status_code == 404


def test_all_of_a_run_are_listed_in_pages(reader: Client, scored_run: Run, address: str) -> None:
    a, b = (scored_run.dataset.videos.get(name=name) for name in "ab")
    explain(scored_run, {b: None})
    addresses = address.rpartition("/")[0]

    first = reader.get(addresses, {"limit": 1, "order": "created_at"}).json()
    second = reader.get(first["next"]).json()

    found = [*first["results"], *second["results"]]
    assert [each["video_id"] for each in found] == [a.pk, b.pk]
    assert second["next"] is None
    told = reader.get(found[0]["url"]).json()
    assert {name: told[name] for name in found[0]} == found[0]
    assert "segments" not in found[0]
    of_b = reader.get(addresses, {"video": b.pk}).json()
    assert [each["video_id"] for each in of_b["results"]] == [b.pk]
    assert reader.get(addresses, {"kind": "segments"}).json()["results"] == []
    assert reader.get(addresses, {"video": "vid_unknown"}).status_code == 422


def test_the_list_takes_as_many_queries_however_long_it_is(
    reader: Client, scored_run: Run, address: str, django_assert_num_queries: Any
) -> None:
    explain(scored_run, {scored_run.dataset.videos.get(name="b"): None})
    reader.get(address)  # the token's first use is noted

    with django_assert_num_queries(3):  # the token, the run, its explanations
        answer = reader.get(address.rpartition("/")[0])

    assert len(answer.json()["results"]) == 2


def test_a_sheet_that_the_storage_has_lost(reader: Client, address: str) -> None:
    sheet = Explanation.objects.get().sheet
    sheet.storage.delete(str(sheet.name))

    answer = reader.get(address, {"format": "png"})

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].endswith("is no longer in the storage.")
    assert reader.get(address).status_code == 200  # the facts are still there


def test_strangers_get_nothing(stranger: Client, address: str) -> None:
    for accept in ("application/json", "image/png"):
        assert stranger.get(address, headers={"accept": accept}).status_code == 404
    assert stranger.get(address.rpartition("/")[0]).status_code == 404
