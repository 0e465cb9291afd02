"""Draws solid shapes of the world into a picture, with sub-pixel edges."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.data.corridor.scene import Camera, Image, light_at

SUBPIXEL_BITS = 4
HALF_TURN = np.linspace(-np.pi / 2, np.pi / 2, 6)
RING = np.linspace(0, 2 * np.pi, 16, endpoint=False)
SMALLEST_LIT_PX = 1.2  # a limb thinner than this has one tone
SHADOW = 150  # of 255: what is left of the light
Colour = tuple[int, int, int]
Floats = NDArray[np.float64]


class Brush:
    """Paints onto `picture`. Limbs wait until `finish`: many at once are projected faster."""

    def __init__(self, camera: Camera, picture: Image) -> None:
        self.camera = camera
        self.picture = picture
        self._limbs: list[tuple[ArrayLike, ArrayLike]] = []
        self._styles: list[tuple[float, float, *Colour]] = []

    def limb(
        self, start: ArrayLike, end: ArrayLike, radii: tuple[float, float], colour: Colour
    ) -> None:
        """A rounded solid, tapered from `start` to `end`; radii in metres."""
        self._limbs.append((start, end))
        self._styles.append((*radii, *colour))

    def ball(self, centre: ArrayLike, radius: float, colour: Colour) -> None:
        self.limb(centre, np.add(centre, (0.0, 1e-3, 0.0)), (radius, radius), colour)

    def face(self, corners: ArrayLike, colour: Colour, light: float) -> None:
        """A flat polygon of the world, convex as seen."""
        self.finish()
        world = np.array(corners, dtype=float)
        pixels, _ = self.camera.project(world)
        lit = np.array(colour) * light * light_at(world[:, 2].mean())
        self._fill(_fixed(pixels), _clipped(lit))

    def finish(self) -> None:
        """Paint what waits: each limb dark first, then its lit side up and to the left."""
        if not self._limbs:
            return
        ends = np.array(self._limbs, dtype=float)
        styles = np.array(self._styles)
        self._limbs, self._styles = [], []
        pixels, scale = self.camera.project(ends.reshape(-1, 3))
        pixels, radii = pixels.reshape(-1, 2, 2), styles[:, :2] * scale.reshape(-1, 2)
        colours = styles[:, 2:] * light_at(ends[:, :, 2].mean(axis=1))[:, None]
        lit_sides = capsules(pixels - radii[..., None] * (0.12, 0.22), 0.62 * radii)
        darks = zip(_fixed(capsules(pixels, radii)), _clipped(0.88 * colours), strict=True)
        lights = zip(_fixed(lit_sides), _clipped(1.04 * colours), strict=True)
        is_small = radii.max(axis=1) < SMALLEST_LIT_PX
        for dark, light, skip in zip(darks, lights, is_small, strict=True):
            self._fill(*dark)
            if not skip:
                self._fill(*light)

    def _fill(self, pixels: NDArray[np.int32], colour: list[float]) -> None:
        cv2.fillConvexPoly(self.picture, pixels, colour, cv2.LINE_AA, SUBPIXEL_BITS)


class Shadows:
    """Soft spots on the floor, laid all at once so that overlaps do not darken twice."""

    def __init__(self, camera: Camera, picture: Image) -> None:
        self.camera = camera
        self.picture = picture
        self._light = np.full(picture.shape[:2], 255, dtype=np.uint8)

    def spot(self, x: float, z: float, half_width: float, half_length: float) -> None:
        ring = np.zeros((len(RING), 3))
        ring[:, 0] = x + half_width * np.cos(RING)
        ring[:, 2] = z + half_length * np.sin(RING)
        pixels, _ = self.camera.project(ring)
        cv2.fillConvexPoly(self._light, _fixed(pixels), SHADOW, cv2.LINE_AA, SUBPIXEL_BITS)

    def lay(self) -> None:
        soft = cv2.blur(self._light, (7, 7))
        cv2.multiply(self.picture, cv2.merge([soft] * 3), dst=self.picture, scale=1 / 255)


def capsules(ends: Floats, radii: Floats) -> Floats:
    """(N, 12, 2) outlines around pairs of circles, (N, 2, 2) centres with (N, 2) radii."""
    along = ends[:, 1] - ends[:, 0]
    heading = np.arctan2(along[:, 1], along[:, 0])[:, None] + HALF_TURN
    arc = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    front = ends[:, 1, None] + radii[:, 1, None, None] * arc
    back = ends[:, 0, None] - radii[:, 0, None, None] * arc
    return np.concatenate([front, back], axis=1)


def _clipped(colours: Floats) -> list[Any]:
    return np.minimum(colours, 255.0).tolist()


def _fixed(pixels: Floats) -> NDArray[np.int32]:
    return (pixels * (1 << SUBPIXEL_BITS)).astype(np.int32)
