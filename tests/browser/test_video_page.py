"""The video page in a real browser: picture, numbers, curves and address move together.

Each frame of the test video carries its own number as a row of black and white blocks, so
that a test can read from the pixels which frame is painted.
"""

from __future__ import annotations

import time
from io import BytesIO

import numpy as np
import pytest
from django.core.files.base import ContentFile
from PIL import Image
from playwright.sync_api import expect

from ml.records import Scores
from tests.evaluating import evaluate_under_each
from tests.factories.datasets import VideoFactory
from tests.factories.results import add_to_test, save_by_name
from tests.factories.runs import RunFactory
from tests.patience import PATIENCE
from tests.toys import write_video
from webapp.results.models import ScoreSet
from webapp.results.protocols.presets import ensure_protocols

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

N_FRAMES, FPS, BITS, BLOCK = 80, 10, 8, 16
WIDTH, HEIGHT = 320, 180
ABNORMAL = range(30, 50)

READ_FRAME = """([bits, block]) => {
  const video = document.getElementById("player");
  if (video.readyState < 2 || video.seeking) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  let number = 0;
  for (let bit = 0; bit < bits; bit++) {
    const [red] = context.getImageData((bit + 0.5) * block, block / 2, 1, 1).data;
    if (red > 127) number += 1 << bit;
  }
  return number;
}"""
# What the page asks for from now on, each with the type of the answer once the page has it.
NOTE_ANSWERS = """() => {
  const ask = window.fetch;
  window.answers = [];
  window.fetch = async (url, options) => {
    const answer = await ask(url, options);
    window.answers.push([String(url), answer.type]);
    return answer;
  };
}"""
SHOWN_FRAME = "() => Number(document.getElementById('frame').textContent)"


def numbered_frame(number: int) -> np.ndarray:
    frame = np.full((HEIGHT, WIDTH, 3), 90, dtype=np.uint8)
    for bit in range(BITS):
        frame[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 if number >> bit & 1 else 0
    left = 3 * number
    frame[80:140, left : left + 40] = (230, 120, 40) if number in ABNORMAL else (60, 160, 200)
    return frame


@pytest.fixture
def video(team, tmp_path):
    """A video of 80 numbered frames with one event, not scored by any run."""
    frames = [numbered_frame(number) for number in range(N_FRAMES)]
    file = write_video(tmp_path / "numbered.mp4", frames)
    video = VideoFactory.create(
        dataset__team=team, name="test/01", n_frames=N_FRAMES, fps=FPS, proxy_fps=FPS,
        width=WIDTH, height=HEIGHT, duration_seconds=N_FRAMES / FPS,
    )  # fmt: skip
    video.proxy.save("proxy.mp4", ContentFile(file.read_bytes()))
    sheet = np.concatenate([frames[int(share * N_FRAMES)] for share in np.arange(12) / 12], axis=1)
    video.poster.save("poster.jpg", jpeg(frames[0]))
    video.contact_sheet.save("contact_sheet.jpg", jpeg(sheet))
    return video


def jpeg(pixels: np.ndarray) -> ContentFile:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return ContentFile(file.getvalue())


def scored(video, name: str, scores: np.ndarray, **rule: int):
    """A run that gave the video these scores, evaluated."""
    run = RunFactory.create(dataset=video.dataset, team=video.dataset.team, name=name)
    add_to_test(run, video, [number in ABNORMAL for number in range(N_FRAMES)])
    values = Scores(values=scores.astype(np.float32), **rule)
    score_set = save_by_name(run, {video.name: values})
    evaluate_under_each(score_set, ensure_protocols())
    return run


@pytest.fixture
def run(video):
    """Scores rise from 0 by 1 a frame, so that a score is its frame's number."""
    return scored(video, "Ramp", np.arange(N_FRAMES))


def at_frame(page, number: int) -> None:
    """The page says so, and the picture shows it."""
    expect(page.locator("#frame")).to_have_text(str(number))
    wait_until(page, lambda: page.evaluate(READ_FRAME, [BITS, BLOCK]) == number)


def wait_until(page, is_so) -> None:
    """By asking again and again: the page's content policy forbids Playwright's own way."""
    give_up_at = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up_at
        page.wait_for_timeout(20)


def play_slowly(page) -> None:
    """So that much can be looked at before the video ends, however slow the machine."""
    page.evaluate("document.getElementById('player').playbackRate = 0.25")


def click_at(page, selector: str, frame: float) -> None:
    box = page.locator(selector).bounding_box()
    page.mouse.click(box["x"] + box["width"] * frame / N_FRAMES, box["y"] + box["height"] / 3)


def test_opens_at_the_frame_of_the_address(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?run={run.pk}&f=37")
    at_frame(page, 37)
    expect(page.locator("#time")).to_have_text("00:03.7")
    expect(page.locator(f"[data-run={run.pk}] [data-value]")).to_have_text("37")


def test_the_time_is_that_of_the_file_and_the_picture_that_of_the_proxy(
    open_page, alice, video, run
):
    """Recorded on motion: a minute passes between frames 39 and 40."""
    times = np.arange(N_FRAMES) / FPS + np.where(np.arange(N_FRAMES) >= 40, 60, 0)
    video.pts_seconds = times.astype("<f8").tobytes()
    video.fps, video.is_variable_rate = 79 / times[-1], True
    video.save()
    page = open_page(alice, f"/videos/{video.pk}?run={run.pk}&f=39")
    at_frame(page, 39)
    expect(page.locator("#time")).to_have_text("00:03.9")
    page.keyboard.press("ArrowRight")
    at_frame(page, 40)
    expect(page.locator("#time")).to_have_text("01:04.0")
    box = page.locator(".timeline__truth").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 70.5 / N_FRAMES, box["y"] + 5)
    expect(page.locator("#hover")).to_have_text("01:07.0 · 70")
    expect(page.get_by_role("cell", name="1 min 02 s")).to_be_visible()  # [30, 50) lasts so long


def test_without_a_clock_there_is_no_time(open_page, alice, video, run):
    video.fps = 0
    video.save()
    page = open_page(alice, f"/videos/{video.pk}?run={run.pk}&f=37")
    at_frame(page, 37)
    expect(page.locator("#time")).to_have_text("–")


def test_draws_the_curve_on_the_scale_of_the_strips(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}")
    line = page.locator("#curves .scatterlayer path.js-line")
    line.wait_for()
    curve, truth = line.bounding_box(), page.locator(".strip__interval").bounding_box()
    strip, player = page.locator("#timeline").bounding_box(), page.locator("#player").bounding_box()
    assert strip["x"] == pytest.approx(player["x"], abs=1)
    assert strip["width"] == pytest.approx(player["width"], abs=1)
    per_frame = strip["width"] / N_FRAMES
    assert curve["x"] - strip["x"] == pytest.approx(0.5 * per_frame, abs=2)
    assert curve["width"] == pytest.approx((N_FRAMES - 1) * per_frame, abs=3)
    assert truth["x"] - strip["x"] == pytest.approx(30 * per_frame, abs=1)


def test_click_anywhere_seeks_to_that_frame(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}")
    page.locator("#curves .js-line").wait_for()
    for selector, frame in [(".timeline__truth", 17), ("#curves", 70), (".timeline__thumbs", 62)]:
        click_at(page, selector, frame + 0.5)
        at_frame(page, frame)
    playhead, strip = (page.locator(each).bounding_box() for each in ("#playhead", "#timeline"))
    middle = playhead["x"] + playhead["width"] / 2 - strip["x"]
    assert middle == pytest.approx(strip["width"] * 62.5 / N_FRAMES, abs=1)


def test_drag_scrubs(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}")
    box = page.locator(".timeline__truth").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 5)
    page.mouse.down()
    for share in (0.3, 0.5, 0.7063):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 5)
    page.mouse.up()
    at_frame(page, 56)


def test_keys_step_and_jump_but_not_while_somebody_types(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?f=10")
    at_frame(page, 10)
    for key, frame in [
        ("ArrowRight", 11), ("ArrowRight", 12), ("ArrowLeft", 11), ("Shift+ArrowRight", 21),
        ("]", 30), ("Shift+ArrowRight", 40), ("[", 30),
    ]:  # fmt: skip
        page.keyboard.press(key)
        at_frame(page, frame)
    page.locator("#threshold").click()
    for key in ("ArrowRight", "]", "1", "Space"):  # somebody is typing
        page.keyboard.press(key)
    at_frame(page, 30)


def test_playhead_follows_the_playing_video_to_its_last_frame(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}")
    at_frame(page, 0)
    play_slowly(page)
    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_attribute("aria-pressed", "true")
    wait_until(page, lambda: page.evaluate(SHOWN_FRAME) >= 8)
    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_attribute("aria-pressed", "false")
    at_frame(page, page.evaluate(SHOWN_FRAME))
    click_at(page, ".timeline__truth", 75.5)
    page.keyboard.press("Space")
    wait_until(page, lambda: page.evaluate("() => document.getElementById('player').ended"))
    at_frame(page, N_FRAMES - 1)


def test_zoom_refetches_the_curve_and_the_address_keeps_it(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?f=25")
    page.locator("#curves .js-line").wait_for()
    box = page.locator("#curves").bounding_box()
    page.locator("#zoom").click()
    with page.expect_response(lambda response: "from=20&to=40" in response.url):
        page.mouse.move(box["x"] + box["width"] * 0.2505, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.4995, box["y"] + 50)
        page.mouse.up()
    page.wait_for_url("**from=20&to=40**")
    truth = page.locator(".strip__interval").bounding_box()
    assert truth["x"] - box["x"] == pytest.approx(box["width"] / 2, abs=1)
    page.reload()
    click_at(page, "#curves", 40.1)
    at_frame(page, 30)
    page.locator("#whole").click()
    wait_until(page, lambda: "from=" not in page.url)


def test_runs_toggle_by_click_and_key(open_page, alice, video, run):
    other = scored(video, "Coarse", np.array([5.0, 1.0, 9.0]), frames_per_value=20, first_frame=10)
    page = open_page(alice, f"/videos/{video.pk}?run={run.pk}&f=31")
    lines = page.locator("#curves .js-line")
    expect(lines).to_have_count(1)
    page.keyboard.press("1")  # the newest run is first in the list
    expect(lines).to_have_count(2)
    expect(page.locator(f"[data-run={other.pk}] [data-value]")).to_have_text("1")
    page.wait_for_url(f"**run={run.pk}&run={other.pk}**")
    page.locator(f"[data-run={run.pk}] [data-toggle]").click()
    expect(lines).to_have_count(1)
    expect(page.locator("#threshold-run")).to_have_text("Coarse")


def test_a_login_that_has_ended_leaves_the_page_as_it_is(open_page, alice, video, run):
    other = scored(video, "Coarse", np.array([5.0, 1.0, 9.0]), frames_per_value=20, first_frame=10)
    page = open_page(alice, f"/videos/{video.pk}?run={run.pk}&f=31")
    expect(page.locator(f"[data-run={run.pk}] [data-value]")).to_have_text("31")
    lines = page.locator("#curves .js-line")
    expect(lines).to_have_count(1)
    page.context.clear_cookies()
    page.evaluate(NOTE_ANSWERS)
    page.keyboard.press("1")

    def kinds() -> set[str]:
        """Of the answers to what was asked of the other run's scores."""
        wanted = f"/scores?run={other.pk}"
        return {kind for url, kind in page.evaluate("window.answers") if wanted in url}

    wait_until(page, kinds)
    assert kinds() == {"opaqueredirect"}  # not the login page, which would be "basic"
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"[data-run={run.pk}] [data-value]")).to_have_text("32")
    expect(page.locator(f"[data-run={other.pk}] [data-value]")).to_have_text("–")
    expect(lines).to_have_count(1)


def test_threshold_counts_alarms_and_can_be_dragged(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?t=35")
    fact = page.locator("[data-fact=mean_delay_seconds]")
    expect(fact).to_have_text("0.5")
    expect(page.locator("[data-fact=n_false_alarms]")).to_have_text("0")
    expect(page.locator(".alarm")).to_have_count(1)
    page.locator("#curves .js-line").wait_for()
    line = page.locator("#threshold-line").bounding_box()
    page.mouse.move(line["x"] + 50, line["y"] + 8)
    page.mouse.down()
    page.mouse.move(line["x"] + 50, line["y"] - 50)
    page.mouse.up()
    wait_until(page, lambda: float(page.locator("#threshold").input_value()) > 45)
    expect(fact).not_to_have_text("0.5")
    expect(page.locator("#frame")).to_have_text("0")


def test_there_is_no_threshold_until_the_range_is_known_or_somebody_types_one(
    open_page, alice, video, run
):
    ScoreSet.objects.update(lowest=None, highest=None)
    page = open_page(alice, f"/videos/{video.pk}")
    page.locator("#curves .js-line").wait_for()
    threshold, line = page.locator("#threshold"), page.locator("#threshold-line")
    expect(threshold).to_have_value("")
    expect(line).to_be_hidden()
    assert "t=" not in page.url
    threshold.fill("35")
    threshold.press("Enter")
    expect(page.locator(".alarm")).to_have_count(1)
    expect(line).to_be_visible()


def test_a_video_without_scores_plays_and_says_so(open_page, alice, video):
    page = open_page(alice, f"/videos/{video.pk}?f=3")
    at_frame(page, 3)
    expect(page.get_by_text("No scores yet")).to_be_visible()
    page.keyboard.press("ArrowRight")
    at_frame(page, 4)


def test_without_javascript_the_page_still_tells(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}?run={run.pk}", java_script_enabled=False)
    expect(page.get_by_role("cell", name="Ramp")).to_be_visible()
    expect(page.locator(".contact-sheet")).to_be_visible()
    expect(page.get_by_role("link", name="30", exact=True)).to_be_visible()
    expect(page.locator("#timeline")).to_be_hidden()


def test_narrow_screens_do_not_scroll_sideways(open_page, alice, video, run):
    page = open_page(alice, f"/videos/{video.pk}", viewport={"width": 390, "height": 844})
    page.locator("#curves .js-line").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
