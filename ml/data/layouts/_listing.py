"""Which videos lie in a folder, and what else does that a person would miss.

No link is followed out of the folder. Nothing is opened but the first bytes of files whose
kind is not known.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ml.data.layouts._base import Listed
from ml.data.layouts._passed_over import AT_THE_TOP, BESIDE_VIDEOS, PassedOver
from ml.data.video.images import is_image
from ml.findings import Finding
from ml.naming import VIDEO_ENDINGS, part_of
from ml.records import Part, natural_key

# Listed too, so that they are refused in sight and not passed over.
PLAYLIST_SUFFIXES = frozenset({".m3u8", ".m3u", ".mpd"})
LISTED = VIDEO_ENDINGS | PLAYLIST_SUFFIXES


def list_videos(folder: Path) -> tuple[list[Listed], list[Finding]]:
    """Video files and folders of images; the first folder named after a part gives the part."""
    findings: list[Finding] = []
    others = PassedOver(folder)
    paths = sorted(_video_paths(folder, findings, others), key=lambda path: natural_key(str(path)))
    stems = Counter(_stem(folder, path) for path in paths)
    return [_listed(folder, path, keep_ending=stems[_stem(folder, path)] > 1) for path in paths], [
        *findings,
        *others.findings(),
    ]


def is_inside(folder: Path, path: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _video_paths(folder: Path, findings: list[Finding], others: PassedOver) -> Iterator[Path]:
    """Relative to `folder`. What else lies there goes to `others`."""

    def unreadable(error: OSError) -> None:
        subject = Path(error.filename).relative_to(folder).as_posix()
        text = f"the folder cannot be read: {error.strerror}"
        findings.append(Finding(level="error", subject=subject, text=text))

    for root, subfolders, names in os.walk(folder, onerror=unreadable):
        here = Path(root)
        subfolders[:] = [path.name for path in _readable(folder, here, subfolders, findings)]
        files = list(_readable(folder, here, names, findings))
        videos = [path for path in files if path.suffix.lower() in LISTED]
        images = [path for path in files if is_image(path)]
        known = {*videos, *images}
        others.add(path for path in files if path not in known)
        yield from (path.relative_to(folder) for path in videos)
        if images and not videos and here != folder:
            yield here.relative_to(folder)
        else:
            others.add_pictures(images, place=BESIDE_VIDEOS if videos else AT_THE_TOP)


def _readable(
    folder: Path, here: Path, names: list[str], findings: list[Finding]
) -> Iterator[Path]:
    for name in names:
        if name.startswith("."):
            continue
        fault = _fault(folder, here / name)
        if fault:
            subject = os.fsencode((here / name).relative_to(folder)).decode(errors="replace")
            findings.append(Finding(level="error", subject=subject, text=f"{fault}; left out"))
        else:
            yield here / name


def _fault(folder: Path, path: Path) -> str:
    if not path.name.isprintable():  # which also finds what is not UTF-8
        return "its name has characters that cannot be shown"
    if path.is_symlink() and path.is_dir():
        return "it is a link to a folder, and those are not followed"
    if path.is_symlink() and not is_inside(folder, path):
        return "it is a link that leads out of the dataset's folder"
    if not path.is_dir() and not path.is_file():
        return "it is neither a file nor a folder"
    return ""


def _stem(folder: Path, path: Path) -> str:
    return path.as_posix() if (folder / path).is_dir() else path.with_suffix("").as_posix()


def _listed(folder: Path, path: Path, *, keep_ending: bool) -> Listed:
    part: Part = next(filter(None, map(part_of, path.parts)), "test")
    return Listed(
        name=path.as_posix() if keep_ending else _stem(folder, path),
        path=path.as_posix(),
        kind="frames" if (folder / path).is_dir() else "file",
        part=part,
    )
