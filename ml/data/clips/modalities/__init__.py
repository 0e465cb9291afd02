"""What a stream of a network sees of a clip: pictures, their differences, or motion.

One file each; they are found because they lie here.
"""

from ml.data.clips.modalities._base import MODALITIES, Modality

__all__ = ["MODALITIES", "Modality"]
