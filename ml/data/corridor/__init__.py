"""The demo dataset: a corridor under a fixed camera, drawn and encoded from a seed.

Normal is what the training clips show: people who walk on the left of the corridor, seen
against the camera, so each lane has one direction. Test clips add a runner, a cart, a bag
that is thrown or a person in the wrong lane, with exact ground truth.
"""

from ml.data.corridor.dataset import render

__all__ = ["render"]
