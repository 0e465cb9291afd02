"""The confined child of ml.data.video.sandbox: one request on stdin, one answer on stdout."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path
from typing import Any

from ml.data.video.confinement import Limits, confine
from ml.records import BadInput


def main() -> None:
    request = json.load(sys.stdin)
    limits = Limits(**request["limits"])
    confine(limits, n_bytes=request["n_bytes"], parent=request["parent"])
    try:
        answer = _examine(request)
    except BadInput as error:
        answer = {"rejected": str(error)}
    except MemoryError:  # FFmpeg's is one, too
        answer = {"rejected": f"reading it needs more than {limits.memory_bytes / 1e9:.1f} GB"}
    except OSError as error:
        answer = _failure(error, limits)
    json.dump(answer, sys.stdout)


def _failure(error: OSError, limits: Limits) -> dict[str, Any]:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):  # not the video's fault
        return {"errno": error.errno}
    if error.errno == errno.EFBIG:
        return {"rejected": f"its proxy is larger than {limits.file_bytes / 1e9:.1f} GB"}
    return {"rejected": f"the file cannot be read: {error.strerror}"}


def _examine(request: dict[str, Any]) -> dict[str, Any]:
    # Imported here: these load FFmpeg, which must not happen before confine().
    from ml.data.video.examine import examine
    from ml.data.video.pixels import Scale

    scale = request.get("scale")
    return examine(
        Path(request["path"]),
        kind=request["kind"],
        fps=request["fps"],
        frame_numbers=request.get("frame_numbers", ""),
        scale=Scale(*scale) if scale else None,
        folder=Path.cwd(),
    )


if __name__ == "__main__":
    main()
