"""A name that begins with _ belongs to the package that holds it, and to the packages in that."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("ml", "webapp", "workers")


def imported(node: ast.AST, package: list[str]) -> Iterator[list[str]]:
    """The full names that an import brings in, in their parts."""
    if isinstance(node, ast.Import):
        yield from (each.name.split(".") for each in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package[: len(package) - node.level + 1] if node.level else []
        module = node.module.split(".") if node.module else []
        yield from ([*above, *module, each.name] for each in node.names)


def is_foreign(name: list[str], package: list[str]) -> bool:
    return name[0] in PARTS and any(
        part.startswith("_") and not part.startswith("__") and package[:depth] != name[:depth]
        for depth, part in enumerate(name)
    )


def foreign_imports(source: str, package: list[str]) -> list[str]:
    """What the source of a module of `package` imports although it is private elsewhere."""
    names = (name for node in ast.walk(ast.parse(source)) for name in imported(node, package))
    return [".".join(name) for name in names if is_foreign(name, package)]


@pytest.mark.parametrize("part", PARTS)
def test_no_module_imports_what_is_private_elsewhere(part: str) -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in (ROOT / part).rglob("*.py")
        if (names := foreign_imports(path.read_text(), [*path.relative_to(ROOT).parts[:-1]]))
    }

    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "from ml.methods._base import Method",
        "from ml.methods import _base",
        "import ml.methods._base",
        "from ..methods._base import Method",
        "def later():\n    from ml.methods._base import Method",
        "from ml.tables import _stripped",
    ],
)
def test_a_private_name_from_elsewhere_is_found(source: str) -> None:
    [name] = foreign_imports(source, ["ml", "scoring"])

    assert name.startswith(("ml.methods._base", "ml.tables._stripped"))


@pytest.mark.parametrize("package", [["ml", "methods"], ["ml", "methods", "deeper"]])
def test_a_package_may_import_what_is_private_in_it_or_above(package: list[str]) -> None:
    assert foreign_imports("from ml.methods._base import Method", package) == []
    assert foreign_imports("from __future__ import annotations", package) == []
    assert foreign_imports("from numpy import _core", package) == []
