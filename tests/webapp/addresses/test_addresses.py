"""Addresses and answers are promises to whoever linked to a page or wrote a script."""

import pytest

from tests.webapp.addresses.promised import HERE, KEPT, WRITE_ANEW


@pytest.mark.parametrize("name", KEPT)
def test_it_is_what_was_promised(name: str) -> None:
    promised = (HERE / name).read_text()

    assert KEPT[name]() == promised, f"If the change is meant, write {name} anew: {WRITE_ANEW}"
