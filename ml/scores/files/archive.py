"""A zip of score files named after their videos; NumPy's `.npz` is one, too.

`set/01.npy` belongs to video `set/01`. What `python -m ml score` leaves, and this site gives
away, is one with an index: `scores.json` says which file is whose, and how its scores lie. The
extra files of macOS are skipped.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ml.findings import shortened
from ml.records import BadInput
from ml.scores.files._base import Format, ScoreFile, Series, register
from ml.scores.files._layout import STATABLE, stated_in
from ml.strict_json import parse

MAX_FILES = 20_000
MAX_FILE_BYTES = 256 * 1024**2
MAX_BYTES = 1024**3
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
ENDINGS = (".npy", ".csv", ".json", ".txt", ".tsv")
INDEX = "scores.json"
LENGTH = "n_frames"
FACT_KEYS = ("file", LENGTH, "maps")
Index = Mapping[str, dict[str, Any]]


@register
class Archive(Format):
    title = "npz or zip"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    @classmethod
    def read(cls, data: bytes) -> ScoreFile:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return _read_all(archive)
        except DAMAGES as error:
            raise BadInput(f"the archive is damaged or cut off: {error}") from error
        except RuntimeError as error:  # zipfile's word for "encrypted"
            raise BadInput(f"the archive cannot be opened: {error}") from error


def _read_all(archive: zipfile.ZipFile) -> ScoreFile:
    members = [member for member in archive.infolist() if _is_score_file(member)]
    _check_sizes(members)
    _check_compressions(members)
    if indices := _indices_in(archive, members):
        return _read_indexed(archive, members, indices)
    by_video: dict[str, Series] = {}
    notes: dict[str, None] = {}
    for member in members:
        name = _video_name(member.filename)
        if name in by_video:
            raise BadInput(f"the archive has two files for {name}")
        by_video[name], file_notes = _read_one(archive, member)
        notes |= dict.fromkeys(file_notes)
    if not by_video:
        raise BadInput("the archive holds no score file")
    return ScoreFile(by_video=by_video, notes=tuple(notes))


def _is_score_file(member: zipfile.ZipInfo) -> bool:
    *folders, name = member.filename.split("/")  # of a folder, the name is empty
    is_of_macos = "__MACOSX" in folders or name.startswith("._") or name == ".DS_Store"
    return name != "" and not is_of_macos


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_FILES:
        raise BadInput(f"the archive holds {len(members)} files, more than {MAX_FILES}")
    largest = max((member.file_size for member in members), default=0)
    if largest > MAX_FILE_BYTES or sum(member.file_size for member in members) > MAX_BYTES:
        raise BadInput(f"the archive would unpack to more than {MAX_BYTES // 1024**2} MiB")


def _check_compressions(members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        if member.compress_type not in COMPRESSIONS:
            raise BadInput(f"{member.filename} is compressed otherwise than by deflate")


def _video_name(path: str) -> str:
    lowered = path.lower()
    ending = next((ending for ending in ENDINGS if lowered.endswith(ending)), "")
    return path.removesuffix(path[len(path) - len(ending) :]) if ending else path


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:  # never more than the header promised
        return file.read(member.file_size + 1)


def _read_one(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[Series, tuple[str, ...]]:
    from ml.scores.files import read  # the catalogue needs this module first

    data = _content(archive, member)
    if data.startswith(b"PK"):
        raise BadInput(f"{member.filename} is an archive inside the archive")
    try:
        found = read(data)
    except BadInput as error:
        raise BadInput(f"{member.filename}: {error}") from error
    if found.series is not None:
        return found.series, found.notes
    if len(found.by_video) > 1 or not _is_of(member.filename, *found.by_video):
        raise BadInput(f"{member.filename} holds the scores of several videos, or of another one")
    return next(iter(found.by_video.values())), found.notes


def _is_of(path: str, name: str) -> bool:
    """A file that names its video must be called so, with or without folders."""
    called, named = f"/{_video_name(path)}", f"/{name}"
    return called.endswith(named) or named.endswith(called)


def _indices_in(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dict[str, Index]:
    """What the indices say of each video, by their own paths."""
    named = [member for member in members if member.filename.rpartition("/")[2] == INDEX]
    read = {member.filename: _index_in(_content(archive, member)) for member in named}
    return {path: index for path, index in read.items() if index is not None}


def _index_in(data: bytes) -> Index | None:
    """None where it holds scores itself, of a video that is called so."""
    try:
        entries = parse(data.decode(), INDEX)["scores"]
    except (BadInput, UnicodeDecodeError, KeyError, TypeError):
        return None
    is_index = isinstance(entries, dict) and all(_is_entry(each) for each in entries.values())
    return entries if is_index else None


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("file"), str)


def _read_indexed(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], indices: Mapping[str, Index]
) -> ScoreFile:
    by_path = {member.filename: member for member in members}
    if len(by_path) < len(members):
        raise BadInput("the archive has two files of one name")
    by_video: dict[str, Series] = {}
    used = set(indices)
    for path, index in indices.items():
        for name, entry in index.items():
            if name in by_video:
                raise BadInput(f"the archive has two files for {name}")
            place = path.removesuffix(INDEX) + entry["file"]
            by_video[name] = _indexed(archive, by_path.get(place), name, entry)
            used.add(place)
    left = [path for path in by_path if path not in used and path.lower().endswith(ENDINGS)]
    if left:
        raise BadInput(f"{INDEX} does not say whose scores {shortened(left)} holds")
    return ScoreFile(by_video=by_video)


def _indexed(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo | None, name: str, entry: dict[str, Any]
) -> Series:
    if unknown := [key for key in entry if key not in (*FACT_KEYS, *STATABLE)]:
        raise BadInput(f"{INDEX} says {shortened(unknown)} of {name}, which is not understood")
    if member is None:
        raise BadInput(f"{INDEX} names {entry['file']} for {name}, and the archive lacks it")
    series, _notes = _read_one(archive, member)
    return replace(series, stated=stated_in(entry), n_frames=entry.get(LENGTH))
