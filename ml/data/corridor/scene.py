"""The corridor itself: its camera, its light and the picture of it when it is empty.

World coordinates in metres: x to the right of the camera, y up from the floor, z into the
corridor. Pictures are RGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Points = NDArray[np.float64]

WIDTH, HEIGHT = 320, 180
HALF_WIDTH_M = 2.5
CEILING_M = 5.0
END_M = 25.0
DOORWAY_HALF_WIDTH_M, DOORWAY_HEIGHT_M = 1.7, 2.6
LAMPS_Z = (7.0, 12.5, 18.0)
FAULTY_LAMP_Z = LAMPS_Z[1]
SUPERSAMPLING = 3

WALL = (196, 193, 182)
SKIRTING = (120, 116, 110)
FLOOR = (142, 139, 133)
CEILING = (206, 206, 202)
DOOR = (126, 98, 74)
DOORWAY = (52, 54, 60)
NOTICE = (176, 92, 74)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera on the corridor's axis, tilted down."""

    height_m: float = 4.3
    tilt: float = 0.33  # radians below the horizon
    focal_px: float = 280.0

    @cached_property
    def _turn(self) -> NDArray[np.float64]:
        """(3, 3) world to camera axes: right, down, forward."""
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        return np.array([[1, 0, 0], [0, -cos, -sin], [0, -sin, cos]])

    def project(self, points: Points) -> tuple[Points, NDArray[np.float64]]:
        """(N, 3) world points to (N, 2) pixels and (N,) pixels per metre there."""
        local = (points - np.array([0.0, self.height_m, 0.0])) @ self._turn.T
        scale = self.focal_px / np.maximum(local[:, 2], 0.3)
        return local[:, :2] * scale[:, None] + (WIDTH / 2, HEIGHT / 2), scale

    def rays(self, factor: int) -> Points:
        """(H * factor, W * factor, 3) world directions through each pixel's middle."""
        columns = (np.arange(WIDTH * factor) + 0.5) / factor - WIDTH / 2
        rows = (np.arange(HEIGHT * factor) + 0.5) / factor - HEIGHT / 2
        x, y = np.meshgrid(columns / self.focal_px, rows / self.focal_px)
        return np.stack([x, y, np.ones_like(x)], axis=-1) @ self._turn


def light_at(z: float | Points, *, lamps: tuple[float, ...] = LAMPS_Z) -> NDArray[np.float64]:
    """Brightness at depth `z`, about 0.6 between lamps and 1 below one."""
    distance = np.asarray(z, dtype=float)[..., None] - np.array(lamps)
    return np.minimum(0.62 + 0.4 * np.exp(-((distance / 2.4) ** 2)).sum(axis=-1), 1.05)


class Background:
    """The empty corridor, with its faulty lamp on and off."""

    def __init__(self, camera: Camera, rng: np.random.Generator) -> None:
        hits, surface = _cast(camera.rays(SUPERSAMPLING), camera.height_m)
        colours = _paint(hits, surface) * rng.normal(1.0, 0.012, (*surface.shape, 1))
        healthy = tuple(z for z in LAMPS_Z if z != FAULTY_LAMP_Z)
        self._lit = _develop(colours * _shade(hits, LAMPS_Z), hits, surface, LAMPS_Z)
        self._dim = _develop(colours * _shade(hits, healthy), hits, surface, healthy)

    def at(self, lamp: float) -> Image:
        """A fresh picture with the faulty lamp at `lamp`, 0 to 1."""
        return cv2.addWeighted(self._lit, lamp, self._dim, 1.0 - lamp, 0.0)  # type: ignore[return-value]


FLOOR_ID, CEILING_ID, LEFT_ID, RIGHT_ID, END_ID = range(5)


def _cast(rays: Points, height_m: float) -> tuple[Points, NDArray[np.intp]]:
    """Where each ray meets the corridor (…, 3), and on which of its five surfaces."""
    x, y, z = np.moveaxis(rays, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        distances = np.stack(
            [
                np.where(y < 0, -height_m / y, np.inf),
                np.where(y > 0, (CEILING_M - height_m) / y, np.inf),
                np.where(x < 0, -HALF_WIDTH_M / x, np.inf),
                np.where(x > 0, HALF_WIDTH_M / x, np.inf),
                END_M / z,
            ]
        )
    surface = distances.argmin(axis=0)
    return rays * distances.min(axis=0)[..., None] + (0.0, height_m, 0.0), surface


def _paint(hits: Points, surface: NDArray[np.intp]) -> Points:
    x, y, z = np.moveaxis(hits, -1, 0)
    palette = np.array([FLOOR, CEILING, WALL, WALL, WALL], dtype=float)
    colours = palette[surface]
    is_wall = (surface == LEFT_ID) | (surface == RIGHT_ID)
    is_floor = surface == FLOOR_ID

    tile = (np.floor(x / 0.6) + np.floor(z / 0.6)) % 2
    colours[is_floor] *= (0.96 + 0.06 * tile[is_floor])[:, None]
    joint = (np.abs(x % 0.6 - 0.3) > 0.29) | (np.abs(z % 0.6 - 0.3) > 0.28)
    colours[is_floor & joint] *= 0.9
    colours[is_floor & (np.abs(x) < 0.05) & (z % 1.6 < 0.9)] = (196, 178, 96)  # between the lanes

    colours[is_wall & (y < 0.14)] = SKIRTING
    colours[is_wall & (np.abs(y - 1.05) < 0.05)] *= 0.82  # handrail
    _paint_doors(colours, hits, surface, is_wall)

    is_doorway = (np.abs(x) < DOORWAY_HALF_WIDTH_M) & (y < DOORWAY_HEIGHT_M)
    colours[(surface == END_ID) & is_doorway] = DOORWAY
    return colours


def _paint_doors(
    colours: Points, hits: Points, surface: NDArray[np.intp], is_wall: NDArray[np.bool_]
) -> None:
    _, y, z = np.moveaxis(hits, -1, 0)
    offset = np.where(surface == LEFT_ID, 1.0, 3.4)  # doors do not face each other
    along = (z - offset) % 5.2
    colours[is_wall & (along < 1.3) & (y < 2.2)] *= 0.7  # frame
    is_leaf = is_wall & (along > 0.1) & (along < 1.2) & (y < 2.1)
    colours[is_leaf] = DOOR
    colours[is_leaf & (np.abs(along - 1.08) < 0.05) & (np.abs(y - 1.0) < 0.06)] = (210, 205, 190)
    is_notice = is_wall & (np.abs(along - 2.9) < 0.35) & (np.abs(y - 1.75) < 0.28)
    colours[is_notice] = NOTICE


def _shade(hits: Points, lamps: tuple[float, ...]) -> Points:
    x, y, z = np.moveaxis(hits, -1, 0)
    corner = 1.0 - 0.16 * np.exp(-(HALF_WIDTH_M - np.abs(x)) / 0.25)
    low = 1.0 - 0.12 * np.exp(-y / 0.35) * (np.abs(x) > HALF_WIDTH_M - 1e-6)
    return (light_at(z, lamps=lamps) * corner * low)[..., None]


def _develop(
    colours: Points, hits: Points, surface: NDArray[np.intp], lamps: tuple[float, ...]
) -> Image:
    """Lamps that burn, light mirrored in the floor, then the size of the picture."""
    x, _, z = np.moveaxis(hits, -1, 0)
    developed = colours.copy()
    for lamp in lamps:
        is_lamp = (surface == CEILING_ID) & (np.abs(z - lamp) < 0.6) & (np.abs(x) < 0.8)
        developed[is_lamp] = (252, 252, 246)
        gloss = np.exp(-(((z - lamp * 0.86) / 0.8) ** 2) - (x / 0.7) ** 2) * (surface == FLOOR_ID)
        developed += 26.0 * gloss[..., None]
    picture = np.clip(developed, 0, 255).astype(np.uint8)
    return cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
