"""A zip of score files named after their videos; NumPy's `.npz` is one, too.

`set/01.npy` belongs to video `set/01`. Hidden files and the extra files of macOS are skipped.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from ml.records import BadInput
from ml.score_files._base import Format, ScoreFile, Values, register

MAX_FILES = 20_000
MAX_FILE_BYTES = 256 * 1024**2
MAX_BYTES = 1024**3
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
ENDINGS = (".npy", ".csv", ".json", ".txt")


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
                return ScoreFile(by_video=_read_all(archive))
        except DAMAGES as error:
            raise BadInput(f"the archive is damaged or cut off: {error}") from error
        except RuntimeError as error:  # zipfile's word for "encrypted"
            raise BadInput(f"the archive cannot be opened: {error}") from error


def _read_all(archive: zipfile.ZipFile) -> dict[str, Values]:
    members = [member for member in archive.infolist() if _is_score_file(member)]
    _check_sizes(members)
    _check_compressions(members)
    by_video: dict[str, Values] = {}
    for member in members:
        name = _video_name(member.filename)
        if name in by_video:
            raise BadInput(f"the archive has two files for {name}")
        by_video[name] = _read_one(archive, member)
    if not by_video:
        raise BadInput("the archive holds no score file")
    return by_video


def _is_score_file(member: zipfile.ZipInfo) -> bool:
    *folders, name = member.filename.split("/")  # of a folder, the name is empty
    return name != "" and "__MACOSX" not in folders and not name.startswith(".")


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


def _read_one(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Values:
    from ml.score_files import read  # the registry needs this module first

    with archive.open(member) as file:  # never more than the header promised
        data = file.read(member.file_size + 1)
    if data.startswith(b"PK"):
        raise BadInput(f"{member.filename} is an archive inside the archive")
    try:
        found = read(data)
    except BadInput as error:
        raise BadInput(f"{member.filename}: {error}") from error
    if found.values is None:
        raise BadInput(f"{member.filename} holds the scores of several videos")
    return found.values
