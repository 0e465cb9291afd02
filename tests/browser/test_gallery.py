"""The gallery by outcome in a real browser: the frames it says, and maps over them."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.test_heat_map import maps
from tests.browser.test_video_page import BITS, BLOCK, N_FRAMES, scored, video, wait_until
from tests.factories.results import explain

__all__ = ["video"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Of each canvas its caption, the number that its picture holds, and its bytes all added up. It is
# drawn larger than the video, of which a block stands for a bit.
READ = """([bits, block, size]) => [...document.querySelectorAll(".gallery__shot")].map((shot) => {
  const { width, height } = shot.querySelector("canvas");
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(shot.querySelector("canvas"), 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  let number = 0;
  for (let bit = 0; bit < bits; bit++) {
    const [x, y] = [bit + 0.5, 0.5].map((at) => Math.floor((at * block * width) / size));
    if (data[4 * (y * width + x)] > 127) number += 1 << bit;
  }
  const sum = data.reduce((one, other) => one + other);
  return [Number(shot.querySelector("figcaption").textContent), number, sum];
})"""


@pytest.fixture
def run(video):
    """What is high is found, and a part of what is low is not."""
    run = scored(video, "Ramp", np.arange(N_FRAMES))
    explain(run, {video: maps()})
    return run


def read(page, width: int) -> list[tuple[int, int, int]]:
    return [tuple(each) for each in page.evaluate(READ, [BITS, BLOCK, width])]


def test_the_frames_are_those_that_it_says_and_h_lays_maps_over_them(open_page, alice, video, run):
    page = open_page(alice, f"/runs/{run.pk}")
    page.get_by_role("link", name="Gallery by outcome").click()
    expect(
        page.get_by_role("heading", name="True positives: events that were found")
    ).to_be_visible()

    def are_drawn() -> bool:
        found = read(page, video.width)
        return bool(found) and all(caption == number for caption, number, _sum in found)

    page.keyboard.press("h")
    expect(page.get_by_label("Maps over the pictures")).not_to_be_checked()
    for strip in page.locator(".gallery__strip").all():
        strip.scroll_into_view_if_needed()
    wait_until(page, are_drawn)
    without = read(page, video.width)
    page.keyboard.press("h")

    wait_until(page, lambda: read(page, video.width) != without)
    page.keyboard.press("h")
    assert read(page, video.width) == without
