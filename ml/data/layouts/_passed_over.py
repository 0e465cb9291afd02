"""Files of a dataset's folder that are no video, no frame and no text, and are told for that.

What a person would miss is named with the reason: recordings of a kind that is not read, files
that hold a video under another ending, archives, unfinished downloads, pictures that lie where
they are frames of nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from ml.findings import Finding, counted, shortened
from ml.records import natural_key
from ml.signatures import HEAD, JPEG, is_video

VIDEOS = frozenset(
    {
        ".r3d", ".braw", ".crm", ".ari", ".mlv", ".cine", ".lrv", ".gif", ".apng", ".swf", ".bik",
        ".smk", ".nut", ".gxf", ".nsv", ".nuv", ".amv", ".roq", ".fli", ".flc", ".evo", ".sec",
        ".g64", ".g64x", ".dvf", ".svi", ".obu", ".vc1", ".yuv", ".nv12", ".m4s", ".avs",
    }
)  # fmt: skip
IMAGES = frozenset(
    {
        ".heic", ".heif", ".avif", ".jxl", ".jp2", ".j2k", ".jpx", ".pgm", ".ppm", ".pnm", ".pbm",
        ".exr", ".hdr", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".dcm", ".tga", ".psd", ".pcx",
    }
)  # fmt: skip
ARCHIVES = frozenset(
    {
        ".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".7z", ".rar", ".zst",
        ".lz4", ".iso", ".cab", ".001",
    }
)  # fmt: skip
UNFINISHED = frozenset({".part", ".crdownload", ".download", ".filepart", ".partial", ".aria2"})
# Not even opened: texts, tables, arrays, programs, sound.
OTHERS = frozenset(
    {
        ".csv", ".tsv", ".txt", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".md", ".rst", ".html",
        ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ods", ".m", ".mat", ".npy", ".npz", ".pkl",
        ".h5", ".hdf5", ".parquet", ".pt", ".pth", ".onnx", ".safetensors", ".py", ".ipynb", ".sh",
        ".log", ".cfg", ".ini", ".toml", ".srt", ".vtt", ".ass", ".sub", ".idx", ".nfo", ".md5",
        ".sha1", ".sha256", ".db", ".sqlite", ".lnk", ".url", ".wav", ".mp3", ".m4a", ".aac",
        ".flac", ".oga", ".opus", ".wma", ".ac3", ".names", ".list", ".lst", ".bib", ".tex",
    }
)  # fmt: skip
REASONS = {
    VIDEOS: "this kind of video is not read; convert it, to MP4 for example",
    IMAGES: "this kind of picture is not read; convert it, to PNG for example",
    ARCHIVES: "archives are not unpacked; unpack what is needed from it",
    UNFINISHED: "the name is that of an unfinished download",
}
BESIDE_VIDEOS = (
    "pictures beside videos are no frames; put those of a clip into a folder of their own"
)
AT_THE_TOP = (
    "pictures in the dataset's folder itself are no frames; put those of a clip into a folder of "
    "their own"
)
PLACES = (BESIDE_VIDEOS, AT_THE_TOP)
HIDDEN_VIDEO = (
    "by its first bytes it is a video, but its ending is that of none; give it the right one"
)


class PassedOver:
    """Collects them folder by folder; `folder` is the dataset's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[tuple[str, str], list[str]] = defaultdict(list)  # by ending and reason

    def add(self, files: Iterable[Path]) -> None:
        """Those of one folder that are neither videos nor pictures which are read."""
        for file in files:
            if reason := _reason(file):
                self._files[file.suffix.lower(), reason].append(self._named(file))

    def add_pictures(self, files: Iterable[Path], *, place: str) -> None:
        """Pictures that are no frames where they lie: `place` is one of PLACES."""
        for file in files:
            self._files["", place].append(self._named(file))

    def _named(self, file: Path) -> str:
        return file.relative_to(self._folder).as_posix()

    def findings(self) -> Iterator[Finding]:
        for (ending, reason), names in sorted(self._files.items()):
            count = _counted(len(names), ending, reason)
            names.sort(key=natural_key)
            text = f"{count} ({shortened(names)}): {reason}"
            yield Finding(level="warning", subject="passed over", text=text)


def _counted(n_files: int, ending: str, reason: str) -> str:
    if reason in PLACES:
        return counted(n_files, "picture")
    return f"{counted(n_files, 'file')} " + (f"ending in {ending}" if ending else "without ending")


def _reason(file: Path) -> str:
    ending = file.suffix.lower()
    if ending in OTHERS:
        return ""
    for endings, reason in REASONS.items():
        if ending in endings:
            return reason
    return HIDDEN_VIDEO if _holds_video(file) else ""


def _holds_video(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD)
    except OSError:  # it is no video that anybody could import
        return False
    return is_video(head) and not head.startswith(JPEG)
