"""Serves plotly.js out of the plotly package, that one file and no other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plotly
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

FOLDER = Path(plotly.__file__).parent / "package_data"
FILE_NAME = "plotly.min.js"


class PlotlyFinder(BaseFinder):
    """Finds `plotly.min.js`."""

    storage = FileSystemStorage(location=str(FOLDER))

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = str(FOLDER / FILE_NAME) if path == FILE_NAME else []
        return [found] if find_all and found else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        yield FILE_NAME, self.storage
