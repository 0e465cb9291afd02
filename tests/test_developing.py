"""DEVELOPING.md, followed step by step: what it says to write is written, what it says holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import recipes

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "DEVELOPING.md").read_text()
SECTIONS = recipes.sections(DOCUMENT)
RECIPES = {
    title: recipes.blocks(text) for title, text in SECTIONS.items() if title.startswith("Add ")
}
# What its check prints, besides that its tests passed.
SAID = {
    "Add a method": ["frame_ae             Frame AE (one-class)"],
    "Add a format of ground truth": ["name | ranges of frames\n"],
    "Add a metric": [],
    "Add a kind of job": [],
    "Add a page": [],
}
QUICK = ("Add a method", "Add a metric")
PASSED = re.compile(r"\b(\d+) passed")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return recipes.copy_of(ROOT, tmp_path / "repository")


@pytest.mark.parametrize(
    "title", [pytest.param(title, marks=[] if title in QUICK else pytest.mark.soak)
              for title in RECIPES],
)  # fmt: skip
def test_a_recipe_leads_to_what_it_says(title: str, repository: Path) -> None:
    [check] = [block for block in RECIPES[title] if block.is_check]
    for block in RECIPES[title]:
        if block.file:
            recipes.apply(block, repository)

    done = recipes.run(check, repository)

    assert done.returncode == 0, done.stdout
    assert [said for said in SAID[title] if said not in done.stdout] == []
    assert sum(map(int, PASSED.findall(done.stdout))) > 1, done.stdout
    assert "skipped" not in done.stdout


def test_every_recipe_is_followed() -> None:
    assert set(RECIPES) == set(SAID)


@pytest.mark.parametrize("title", SECTIONS)
def test_no_block_is_for_show(title: str) -> None:
    """In a recipe each is a file, a change or the check; elsewhere they are text or commands."""
    for block in recipes.blocks(SECTIONS[title]):
        if title in RECIPES:
            assert block.file or block.is_check, block
        else:
            assert (block.language, block.use) in [("text", ""), ("sh", "")], block
    assert SECTIONS[title].count("```") == 2 * len(recipes.blocks(SECTIONS[title]))


@pytest.mark.parametrize("title", RECIPES)
def test_what_a_recipe_writes_keeps_the_style(title: str, tmp_path: Path) -> None:
    for block in RECIPES[title]:
        assert len(block.text.splitlines()) < 120
        if block.language == "python" and block.text:
            assert max(map(len, block.text.splitlines())) <= 100
            assert "from __future__ import annotations" in block.text or "KIND" in block.text
            compile(block.text, block.file, "exec")


def test_what_it_names_is_there() -> None:
    written = {block.file for blocks in RECIPES.values() for block in blocks}
    named = set(re.findall(r"`((?:ml|webapp|workers|tests|docs)/[\w/.-]*)`", DOCUMENT))
    named |= set(re.findall(r"tests/[\w/]+(?:\.py)?", SECTIONS["Set up, run, check, test, look"]))

    assert len(named) > 30
    assert sorted(each for each in named - written if not (ROOT / each).exists()) == []


def test_rooms_on_the_map_are_all_that_there_are() -> None:
    [tree] = [block.text for block in recipes.blocks(SECTIONS["The map of the house"])]
    apps = {path.parent.name for path in (ROOT / "webapp").glob("*/apps.py")}

    assert sorted(app for app in apps - {"common"} if not re.search(rf"\b{app}\b", tree)) == []


def test_commands_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"\bmake ([a-z]+)\b(?=  | prints|,)", DOCUMENT))

    assert {"setup", "demo", "up", "format", "check", "test"} <= targets
    assert [each for each in targets if f"\n{each}:" not in makefile] == []


def test_a_change_whose_place_is_not_clear_is_refused() -> None:
    assert recipes.changed("a\nb\n", " a\n+c\n b\n") == "a\nc\nb\n"
    for text in ("b\n", "a\na\n"):
        with pytest.raises(AssertionError, match="there once"):
            recipes.changed(text, " a\n+c\n")
