"""Files that the config of a run names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from webapp.common.config import ConfigError
from webapp.runs.config import complete_config

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "texts": {"type": "string", "format": "path", "maxLength": 1000, "default": ""},
    },
}


def problem(**config: object) -> str:
    with pytest.raises(ConfigError) as caught:
        complete_config(SCHEMA, config)
    return caught.value.sentence


@pytest.fixture
def texts(settings: Any) -> Path:
    folder = Path(settings.DATA_ROOTS[0]) / "texts"
    folder.mkdir(parents=True)
    (folder / "a.npy").write_bytes(b"")
    (folder / "out.npy").symlink_to("/etc/hostname")
    return folder


def test_a_file_may_be_named_where_datasets_may_be(texts: Path) -> None:
    for given in ("texts/a.npy", str(texts / "a.npy")):
        config = complete_config(SCHEMA, {"texts": given})

        assert config["texts"] == str(texts / "a.npy")
        assert complete_config(SCHEMA, config) == config
    assert complete_config(SCHEMA, {})["texts"] == ""


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/etc/hostname", "texts: There is no file “/etc/hostname” below"),
        ("texts/out.npy", "texts: There is no file “texts/out.npy” below"),
        ("texts/b.npy", "texts: There is no file “texts/b.npy” below"),
        ("texts", "texts: “texts” is no file"),
        ("a" * 1001, "is longer than 1000 characters"),
        (7, "texts: 7 is not text"),
    ],
)
def test_no_other_file_is_within_reach(path: Any, sentence: str) -> None:
    assert sentence in problem(texts=path)
