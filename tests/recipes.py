"""Blocks of a document, and a copy of the repository in which to do what they say.

```python file=ml/verbs/missing.py      the whole of a file that is new
```diff file=webapp/pages/urls.py       lines to add to one, beside lines that are in it once
```sh check                             what has to end well afterwards
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

FENCE = re.compile(r"^(?P<indent> *)```(?P<info>.+?)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
COPIED = ("ml", "webapp", "workers", "templates", "tests", "manage.py", "pyproject.toml")


@dataclass(frozen=True, kw_only=True)
class Block:
    """`use` is what the document says that it is for: `file=…` or `check`."""

    language: str
    use: str
    text: str

    @property
    def file(self) -> str:
        """Relative to the repository; empty where it is none."""
        return self.use.removeprefix("file=") if self.use.startswith("file=") else ""

    @property
    def is_check(self) -> bool:
        return (self.language, self.use) == ("sh", "check")


def blocks(text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        language, _space, use = match["info"].partition(" ")
        found.append(Block(language=language, use=use, text=textwrap.dedent(match["text"])))
    return found


def sections(text: str) -> dict[str, str]:
    """What stands under each heading of the second level."""
    parts = re.split(r"^## (.+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def copy_of(repository: Path, place: Path) -> Path:
    """With the environment that runs this, under the name that documents give it."""
    place.mkdir()
    for name in COPIED:
        if (repository / name).is_dir():
            shutil.copytree(
                repository / name, place / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(repository / name, place / name)
    (place / ".venv").symlink_to(sys.prefix)
    return place


def apply(block: Block, repository: Path) -> None:
    """Write the file, or change the one that is there."""
    path = repository / block.file
    if block.language == "diff":
        path.write_text(changed(path.read_text(), block.text))
        return
    assert not path.exists(), f"{block.file} is there already"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text)


def changed(text: str, diff: str) -> str:
    """`text` after a diff without numbers of lines."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(before) == 1, f"there once, not {text.count(before)} times:\n{before}"
    return text.replace(before, after)


def run(check: Block, repository: Path) -> subprocess.CompletedProcess[str]:
    """Line by line until one fails, with a database of its own on the server of these tests."""
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/recipe_{os.getpid()}")
    variables = {
        "DATABASE_URL": address.geturl(),
        "PYTEST_ADDOPTS": "-q -p no:cacheprovider",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        ["bash", "-e", "-c", check.text],
        cwd=repository, env=os.environ | variables, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
