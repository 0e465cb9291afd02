"""Where the features lie that are made here: a folder, since they are mapped and not fetched."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible


@deconstructible
class FeaturesStorage(FileSystemStorage):
    """The folder FEATURES_ROOT, which the site and all workers see, each by a path of its own."""

    @property
    def base_location(self) -> str:
        return str(settings.FEATURES_ROOT)

    @property
    def location(self) -> str:
        return str(Path(self.base_location).absolute())
