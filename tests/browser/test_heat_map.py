"""The heat map in a real browser: on the right frame, in the right place, of the right run."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from ml.explain.maps import Maps
from tests.browser.test_video_page import (
    BITS,
    BLOCK,
    N_FRAMES,
    READ_FRAME,
    at_frame,
    click_at,
    play_slowly,
    scored,
    video,
    wait_until,
)
from tests.factories.datasets import VideoFactory
from tests.factories.results import explain

__all__ = ["video"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIRST = 4  # frame of the first map
WIDE, HIGH = 8, 5
REFRESHES = 6  # of the screen, that the picture may be ahead of its map while a seek ends

# Which frame the layer was painted for, and its brightest cell: column, row, colour, opacity.
READ_LAYER = """() => {
  const layer = document.getElementById("heat-layer");
  if (layer.hidden) return { frame: Number(layer.dataset.frame), cell: null };
  const { width, height } = layer;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(layer, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  let best = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > data[best + 3]) best = at;
  const place = best / 4;
  return {
    frame: Number(layer.dataset.frame),
    cell: [place % width, Math.floor(place / width)],
    colour: [...data.slice(best, best + 4)],
  };
}"""
# Whether the map is that of the picture, now or a few refreshes later.
FITS = f"""(size) => new Promise((resolve) => {{
  let left = {REFRESHES};
  const look = () => {{
    const picture = ({READ_FRAME})(size);
    const mapped = Number(document.getElementById("heat-layer").dataset.frame);
    if (picture === null || picture === mapped) resolve(true);
    else if (left-- === 0) resolve(false);
    else requestAnimationFrame(look);
  }};
  look();
}})"""
# While it plays: whether any painted frame had the map of another under it.
WATCH = """() => {
  const [player, layer] = ["player", "heat-layer"].map((id) => document.getElementById(id));
  window.seen = [];
  const look = (_, { mediaTime }) => {
    const painted = Math.round(mediaTime * 10 - 1e-3);
    window.seen.push([painted, Number(layer.dataset.frame), layer.hidden]);
    player.requestVideoFrameCallback(look);
  };
  player.requestVideoFrameCallback(look);
}"""


def cell_of(number: int) -> list[int]:
    """Where the map of this number is bright."""
    return [number % WIDE, number // WIDE % HIGH]


def maps(*, n: int = N_FRAMES - FIRST, every: int = 1, highest: float = 1.0) -> Maps:
    """Each bright in one cell, and in no other."""
    levels = np.zeros((n, HIGH, WIDE), np.uint8)
    for number in range(n):
        column, row = cell_of(number)
        levels[number, row, column] = 255
    return Maps(levels=levels, highest=highest, first_frame=FIRST, frames_per_map=every)


@pytest.fixture
def run(video):
    run = scored(video, "Ramp", np.arange(N_FRAMES))
    explain(run, {video: maps()})
    return run


def layer(page) -> dict:
    return page.evaluate(READ_LAYER)


def shows(page, frame: int, number: int) -> None:
    """The picture is that of the frame, and the map over it that of this number."""
    at_frame(page, frame)
    wait_until(page, lambda: layer(page)["frame"] == frame)
    assert layer(page)["cell"] == cell_of(number)


def test_h_lays_it_over_and_takes_it_away(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?f=20")
    at_frame(page, 20)
    button = page.get_by_role("button", name="Heat map")
    expect(page.locator("#heat-layer")).to_be_hidden()
    page.keyboard.press("h")
    expect(page.locator("#heat-layer")).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "true")
    shows(page, 20, 16)
    page.wait_for_url(f"**heat={run.pk}**")
    button.click()
    expect(page.locator("#heat-layer")).to_be_hidden()
    wait_until(page, lambda: "heat=" not in page.url)


@pytest.mark.soak
def test_it_is_in_the_list_of_keys(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}")
    page.keyboard.press("?")
    expect(page.get_by_text("Lay the heat map over the picture")).to_be_visible()


@pytest.mark.soak
def test_it_follows_every_step_and_seek(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?f=10&heat={run.pk}")
    shows(page, 10, 6)
    for key, frame in [("ArrowRight", 11), ("Shift+ArrowRight", 21), ("]", 30), ("ArrowLeft", 29)]:
        page.keyboard.press(key)
        shows(page, frame, frame - FIRST)
    click_at(page, ".timeline__truth", 62.5)
    shows(page, 62, 62 - FIRST)
    expect(page.locator("#heat-frame")).to_have_text("62")


@pytest.mark.soak
def test_frames_without_a_score_have_none(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?f={FIRST}&heat={run.pk}")
    shows(page, FIRST, 0)
    page.keyboard.press("ArrowLeft")
    at_frame(page, FIRST - 1)
    wait_until(page, lambda: layer(page) == {"frame": FIRST - 1, "cell": None})
    expect(page.locator("#heat-frame")).to_have_text("–")


@pytest.mark.soak
def test_it_never_lies_over_another_picture(open_page, alice, video, run):
    """While it plays, and when frames are asked for faster than they can be decoded."""
    page = open_page(alice, f"/videos/{video.pk}?f=10&heat={run.pk}")
    shows(page, 10, 6)
    page.evaluate(WATCH)
    play_slowly(page)
    page.keyboard.press("Space")
    wait_until(page, lambda: page.evaluate("window.seen.length") > 12)
    page.keyboard.press("Space")
    seen = page.evaluate("window.seen")
    apart = [abs(painted - mapped) for painted, mapped, is_hidden in seen if not is_hidden]
    assert len(apart) > 10
    assert max(apart) == 0
    for _ in range(15):
        page.keyboard.press("ArrowRight")
        assert page.evaluate(FITS, [BITS, BLOCK])
    frame = int(page.locator("#frame").inner_text())
    shows(page, frame, frame - FIRST)


@pytest.mark.soak
def test_of_long_videos_a_map_holds_until_the_next(open_page, alice, video):
    run = scored(video, "Long", np.arange(N_FRAMES))
    explain(run, {video: maps(n=10, every=8)})
    page = open_page(alice, f"/videos/{video.pk}?f={FIRST + 7}&heat={run.pk}")
    shows(page, FIRST + 7, 0)
    expect(page.locator("#heat-frame")).to_have_text(str(FIRST))
    expect(page.locator("#heat-every")).to_have_text("8")
    page.keyboard.press("ArrowRight")
    shows(page, FIRST + 8, 1)


def test_it_lies_over_the_picture_and_not_over_its_bars(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?f=10&heat={run.pk}")
    shows(page, 10, 6)
    for width in (1440, 900):
        page.set_viewport_size({"width": width, "height": 900})
        player, heat = (page.locator(each).bounding_box() for each in ("#player", "#heat-layer"))
        assert heat["width"] / heat["height"] == pytest.approx(320 / 180, rel=0.01)
        assert heat["x"] + heat["width"] / 2 == pytest.approx(
            player["x"] + player["width"] / 2, abs=1
        )
        assert heat["height"] == pytest.approx(player["height"], abs=1)
    page.locator("#player").click()  # through the map
    expect(page.locator("#play")).to_have_attribute("aria-pressed", "true")


@pytest.mark.soak
def test_its_run_is_chosen_among_those_that_are_drawn(open_page, alice, video, run):
    other = scored(video, "Other", np.arange(N_FRAMES))
    explain(other, {video: maps(n=N_FRAMES - FIRST - 3)})
    page = open_page(alice, f"/videos/{video.pk}?run={run.pk}&f=79&heat={run.pk}")
    shows(page, 79, 75)
    choice = page.locator("#heat-run")
    expect(choice.locator("option")).to_have_count(1)
    page.keyboard.press("1")
    expect(choice.locator("option")).to_have_count(2)
    expect(choice).to_have_value(run.pk)
    choice.select_option("Other")
    expect(page.locator("#heat-layer")).to_be_hidden()  # its maps end before
    page.wait_for_url(f"**heat={other.pk}**")


@pytest.mark.soak
def test_a_quiet_video_stays_dark_beside_a_loud_one(open_page, alice, video):
    loud = VideoFactory.create(dataset=video.dataset, name="test/02", n_frames=N_FRAMES)
    quiet = scored(video, "Quiet", np.arange(N_FRAMES))
    explain(quiet, {video: maps(highest=0.1), loud: maps(highest=1.0)})
    page = open_page(alice, f"/videos/{video.pk}?run={quiet.pk}&f=20&heat={quiet.pk}")
    shows(page, 20, 16)
    expect(page.locator("#heat-top")).to_have_text("1")
    assert layer(page)["colour"][3] == pytest.approx(255 * (0.1**0.5 - 0.15) / 0.35, abs=1)
    page.locator("#heat-scale").select_option("this video")
    expect(page.locator("#heat-top")).to_have_text("0.1")
    wait_until(page, lambda: layer(page)["colour"] == [0xFD, 0xE7, 0x25, 255])


@pytest.mark.soak
def test_without_maps_the_button_says_why(open_page, alice, video, run):
    plain = scored(video, "Plain", np.arange(N_FRAMES))
    page = open_page(alice, f"/videos/{video.pk}?run={plain.pk}&f=20")
    at_frame(page, 20)
    button = page.get_by_role("button", name="Heat map")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description("The runs that are shown have no error maps.")
    page.keyboard.press("h")
    expect(page.locator("#heat-layer")).to_be_hidden()
    page.keyboard.press("2")
    expect(button).to_be_enabled()


@pytest.mark.soak
def test_maps_that_cannot_be_fetched_leave_the_picture(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?f=20")
    at_frame(page, 20)
    page.context.clear_cookies()
    page.keyboard.press("h")
    page.keyboard.press("ArrowRight")
    at_frame(page, 21)
    expect(page.locator("#heat-layer")).to_be_hidden()
