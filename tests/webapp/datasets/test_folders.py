import pytest

from webapp.common.errors import UserError
from webapp.datasets.folders import resolve_folder, suggested_folders


@pytest.fixture
def root(settings):
    root = settings.DATA_ROOTS[0]
    (root / "ped2" / "training").mkdir(parents=True)
    return root


@pytest.fixture
def outside(tmp_path):
    """A folder beside the root whose name begins like it."""
    outside = tmp_path / "data-of-others"
    outside.mkdir()
    return outside


def test_resolve_folder_relative_and_absolute(root):
    assert resolve_folder("ped2") == resolve_folder(f"{root}/ped2") == root / "ped2"


def test_resolve_folder_looks_below_each_root(root, settings, tmp_path):
    (tmp_path / "more" / "avenue").mkdir(parents=True)
    settings.DATA_ROOTS = [root, tmp_path / "more"]

    assert resolve_folder("avenue") == tmp_path / "more" / "avenue"


def test_resolve_folder_root_itself(root):
    assert resolve_folder("") == root


@pytest.mark.parametrize(
    "folder",
    [
        "..", "../data-of-others", "ped2/../../data-of-others", "/etc", "/", "%2e%2e", "..\\..",
        "..%2f..%2fetc", "....//....//etc", "file:///etc", "ped2\0/../..", "~", "ped2#", "x" * 5000,
        "\udcff", "ped2/training/../../..", "//etc", "none",
    ],
)  # fmt: skip
def test_resolve_folder_leads_nowhere_else(root, outside, folder):
    with pytest.raises(UserError, match="There is no folder") as refused:
        resolve_folder(folder)

    assert refused.value.field == "folder"


def test_resolve_folder_absolute_outside(root, outside):
    with pytest.raises(UserError, match="There is no folder"):
        resolve_folder(str(outside))


def test_resolve_folder_link_to_outside(root, outside):
    (root / "link").symlink_to(outside)

    with pytest.raises(UserError, match="There is no folder"):
        resolve_folder("link")


def test_resolve_folder_link_that_stays_inside(root):
    (root / "latest").symlink_to(root / "ped2")

    assert resolve_folder("latest") == root / "ped2"


def test_resolve_folder_loop_of_links(root):
    (root / "loop").symlink_to(root / "loop")

    with pytest.raises(UserError, match="There is no folder"):
        resolve_folder("loop")


def test_resolve_folder_that_is_a_file(root):
    (root / "file").touch()

    with pytest.raises(UserError, match="There is no folder"):
        resolve_folder("file")


def test_resolve_folder_without_roots_names_the_setting(settings):
    settings.DATA_ROOTS = []

    with pytest.raises(UserError, match="IWAKAN_DATA_ROOTS"):
        resolve_folder("ped2")


def test_suggested_folders_two_levels_without_links_and_hidden(root, outside):
    (root / "ped2" / "training" / "01").mkdir()
    (root / ".cache").mkdir()
    (root / "link").symlink_to(outside)

    assert suggested_folders() == ["ped2", "ped2/training"]


def test_suggested_folders_of_missing_root(settings, tmp_path):
    settings.DATA_ROOTS = [tmp_path / "gone"]

    assert suggested_folders() == []
