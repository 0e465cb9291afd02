"""Regions on the video page, in a real browser: drawn by pointer and by keys, saved as versions."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_video_page import HEIGHT, N_FRAMES, WIDTH, at_frame, video, wait_until
from webapp.datasets.drawing import save_drawn
from webapp.datasets.models import RegionSet

__all__ = ["video"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


def values(page) -> dict[str, str]:
    names = ("first", "last", "left", "top", "width", "height")
    return {name: page.locator(f"#region-form [name={name}]").input_value() for name in names}


def drag(page, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Between two pixels of the video."""
    wait_until(page, lambda: page.locator("#box-layer").bounding_box()["width"] > 0)
    layer = page.locator("#box-layer").bounding_box()
    scale = layer["width"] / WIDTH
    for number, (x, y) in enumerate([start, end]):
        page.mouse.move(layer["x"] + x * scale, layer["y"] + y * scale, steps=3)
        page.mouse.down() if number == 0 else page.mouse.up()


def save(page, name: str) -> None:
    page.get_by_label("Save as").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#region-status")).to_contain_text("is saved")


def test_a_box_is_drawn_labelled_and_saved(open_page, alice, video):
    page = open_page(alice, f"/videos/{video.pk}?f=20")
    at_frame(page, 20)
    page.get_by_role("button", name="Draw a box").click()

    drag(page, (40, 30), (140, 110))

    found = values(page)
    assert (found["first"], found["last"]) == ("20", "69")  # 5 seconds
    sides = [int(found[name]) for name in ("left", "top", "width", "height")]
    assert all(abs(n - m) <= 2 for n, m in zip(sides, [40, 30, 100, 80], strict=True)), sides
    page.locator("#region-form [name=label]").fill("theft")
    page.locator("#region-form [name=last]").fill("500")
    page.locator("#region-form [name=last]").press("Enter")
    expect(page.locator("#region-rows tr")).to_contain_text("20–79")  # as long as the video
    save(page, "people")
    region = RegionSet.objects.get().regions.get()
    assert (region.label, region.start_frame, region.end_frame) == ("theft", 20, N_FRAMES)
    assert [region.left, region.top, region.width, region.height] == sides
    wait_until(page, lambda: "regions=reg_" in page.url)
    page.reload()
    expect(page.locator("#region-rows tr")).to_contain_text("theft")
    expect(page.locator(".region-box")).to_have_count(1)


def test_everything_by_keys(open_page, alice, video):
    page = open_page(alice, f"/videos/{video.pk}?f=10")
    at_frame(page, 10)
    page.locator("h1").click()

    page.keyboard.press("b")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowDown"):
        page.keyboard.press(key)
    for _ in range(3):
        page.keyboard.press(".")
    at_frame(page, 13)
    page.keyboard.press("e")

    box = {"left": "82", "top": "44", "width": "159", "height": "91"}
    assert values(page) == {"first": "10", "last": "13", **box}
    page.keyboard.press(",")
    page.keyboard.press("s")
    assert values(page)["first"] == "12"
    page.keyboard.press("Delete")
    expect(page.locator("#region-rows tr")).to_have_count(0)


def test_a_box_stays_in_the_picture(open_page, alice, video):
    page = open_page(alice, f"/videos/{video.pk}")
    at_frame(page, 0)
    page.keyboard.press("b")
    form = page.locator("#region-form")

    form.locator("[name=left]").fill("9999")
    form.locator("[name=left]").press("Enter")
    assert (values(page)["left"], values(page)["width"]) == (str(WIDTH - 1), "1")
    form.locator("[name=left]").fill("0")
    form.locator("[name=left]").press("Enter")
    form.locator("[name=height]").fill("-5")
    form.locator("[name=height]").press("Enter")

    assert values(page)["height"] == "1"
    page.locator(".region-box").focus()
    for _ in range(HEIGHT):
        page.keyboard.press("ArrowUp")
    assert values(page)["top"] == "0"


def test_a_saved_set_is_changed_into_its_next_version(open_page, alice, video):
    region = {"start_frame": 5, "end_frame": 9, "label": "a", "left": 1, "top": 2, "width": 30,
              "height": 40}  # fmt: skip
    first = save_drawn(video=video, name="people", base=None, regions=[region], by=alice)
    page = open_page(alice, f"/videos/{video.pk}")
    at_frame(page, 0)
    page.get_by_label("Set").select_option(label="people v1")

    page.locator("#region-rows button").click()
    at_frame(page, 5)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Set")).to_be_disabled()  # what is not saved is not lost
    save(page, "people")

    assert first.regions.get().left == 1
    assert RegionSet.objects.get(version=2).regions.get().left == 2
    other = {"name": "people", "base": RegionSet.objects.get(version=2)}
    save_drawn(video=video, regions=[region], by=alice, **other)
    page.locator("#region-rows button").click()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_label("Set")).to_be_enabled()


def test_a_viewer_sees_boxes_and_changes_none(open_page, alice, vera, video):
    region = {"start_frame": 0, "end_frame": 9, "label": "a", "left": 1, "top": 2, "width": 30,
              "height": 40}  # fmt: skip
    made = save_drawn(video=video, name="people", base=None, regions=[region], by=alice)

    page = open_page(vera, f"/videos/{video.pk}?regions={made.pk}", viewport=PHONE)

    expect(page.locator(".region-box")).to_have_count(1)
    page.locator(".region-box").focus()
    page.keyboard.press("b")
    expect(page.locator(".region-box")).to_have_count(1)
    expect(page.get_by_role("button", name="Draw a box")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
