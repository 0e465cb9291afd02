"""The frame in a real browser: rail, theme, keys, plots and their files."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.factories.accounts import MembershipFactory
from webapp.accounts.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
FIGURE = {
    "data": [
        {
            "type": "scatter", "mode": "lines", "name": "train, loss", "x": [1, 2, 3],
            "y": [0.5, 0.25, None], "line": {"color": "var(--run-6)", "dash": "var(--run-2-dash)"},
        }
    ],
    "layout": {"xaxis": {"title": {"text": "epoch"}}},
}  # fmt: skip
DRAW = """async (figure) => {
  const element = document.createElement("div");
  element.className = "plot";
  element.id = "curve";
  document.querySelector("main").append(element);
  window.plot = await import("/static/iwakan/plot.js");
  await window.plot.draw(element, figure);
}"""


def background(page) -> str:
    return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")


def stroke(page) -> str:
    return page.evaluate("getComputedStyle(document.querySelector('#curve .js-line')).stroke")


def downloaded(page, tool: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.locator(f"[data-tool={tool}]").click()
    return download.value.suggested_filename, download.value.path().read_bytes()


@pytest.mark.soak
def test_theme_changes_at_once_and_is_remembered(open_page, alice):
    page = open_page(alice, "/profile", color_scheme="light")
    assert background(page) == "rgb(251, 251, 250)"
    with page.expect_response("**/profile"):
        page.locator("#rail [name=theme]").select_option("dark")
    assert background(page) == "rgb(19, 20, 22)"
    assert User.objects.get(pk=alice.pk).theme == "dark"
    page.reload()
    assert background(page) == "rgb(19, 20, 22)"


def test_system_theme_follows_the_system(open_page, alice):
    page = open_page(alice, "/profile", color_scheme="dark")
    assert background(page) == "rgb(19, 20, 22)"


def test_team_switches_on_choice(open_page, alice):
    MembershipFactory.create(user=alice, team__name="Zebra lab")
    page = open_page(alice, "/profile")
    with page.expect_navigation():
        page.locator("#rail [name=team]").select_option(label="Zebra lab")
    expect(page.locator("#rail [name=team] option:checked")).to_have_text("Zebra lab")


@pytest.mark.parametrize("has_javascript", [True, False])
def test_phone_opens_the_rail_as_a_sheet(open_page, alice, has_javascript):
    page = open_page(alice, "/profile", viewport=PHONE, java_script_enabled=has_javascript)
    runs = page.locator("#rail").get_by_role("link", name="Runs")
    expect(runs).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(runs).to_be_visible()
    page.keyboard.press("Escape")
    expect(runs).to_be_hidden()


@pytest.mark.soak
def test_rail_shrinks_to_icons_that_keep_their_names(open_page, alice):
    page = open_page(alice, "/profile", viewport={"width": 1000, "height": 800})
    link = page.locator("#rail").get_by_role("link", name="Datasets")
    assert link.bounding_box()["width"] < 48
    assert link.get_attribute("title") == "Datasets"


@pytest.mark.parametrize("path", ["/", "/profile", "/datasets", "/runs", "/queue", "/team"])
def test_phone_never_scrolls_sideways(open_page, alice, path):
    page = open_page(alice, path, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_question_mark_lists_the_keys_but_not_while_typing(open_page, alice):
    page = open_page(alice, "/profile")
    page.locator("main [name=name]").focus()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("main [name=name]").blur()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def test_first_tab_stop_skips_to_the_content(open_page, alice):
    page = open_page(alice, "/profile")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_plot_is_drawn_in_tokens_and_redrawn_with_the_theme(open_page, alice):
    page = open_page(alice, "/profile", color_scheme="light")
    page.evaluate(DRAW, FIGURE)
    assert stroke(page) == "rgb(0, 114, 178)"
    page.locator("#rail [name=theme]").select_option("dark")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('#curve .js-line')).stroke === 'rgb(61, 155, 219)'"
    )


def test_plot_has_a_table_with_missing_values_as_dashes(open_page, alice):
    page = open_page(alice, "/profile")
    page.evaluate(DRAW, FIGURE)
    button = page.get_by_role("button", name="Data table")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    rows = page.locator(".plot__table tr")
    assert rows.all_text_contents() == ["epochtrain, loss", "10.5", "20.25", "3–"]
    button.click()
    expect(rows).to_have_count(0)


@pytest.mark.soak
def test_plot_saves_its_numbers_as_csv(open_page, alice):
    page = open_page(alice, "/profile")
    page.evaluate(DRAW, FIGURE)
    name, content = downloaded(page, "csv")
    assert name == "curve.csv"
    assert content.decode() == 'epoch,"train, loss"\n1,0.5\n2,0.25\n3,\n'


@pytest.mark.soak
def test_plot_saves_light_pictures_from_a_dark_page(open_page, alice):
    page = open_page(alice, "/profile", color_scheme="dark")
    page.evaluate(DRAW, FIGURE)
    name, picture = downloaded(page, "svg")
    assert name == "curve.svg"
    assert b"rgb(0, 114, 178)" in picture
    assert b"rgb(61, 155, 219)" not in picture
    assert downloaded(page, "png")[1].startswith(b"\x89PNG")


@pytest.mark.soak
def test_table_of_traces_with_their_own_x_names_each_row(open_page, alice):
    page = open_page(alice, "/profile")
    page.evaluate(DRAW, FIGURE)
    other = {"name": "b", "x": [7], "y": [1]}
    figure = FIGURE | {"data": [*FIGURE["data"], other]}
    table = json.loads(page.evaluate("(f) => JSON.stringify(window.plot.tableOf(f))", figure))
    assert table["head"] == ["", "epoch", "y"]
    assert table["rows"][-1] == ["b", 7, 1]
