"""What does not walk by itself: a cart, a bag that is thrown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ml.data.corridor.brush import Brush, Colour, Shadows
from ml.data.corridor.people import NEAREST_M, UP, Person, Vector, bag_in, draw_bag
from ml.data.corridor.scene import HALF_WIDTH_M

GRAVITY = 9.81
PARCEL: Colour = (196, 152, 92)
CRATE: Colour = (40, 66, 104)
LINEN: Colour = (232, 232, 226)
STEEL: Colour = (120, 124, 130)
RUBBER: Colour = (38, 38, 40)
# Boxes from back to front: middle of the foot and extent, in parts of the cart's size; colour.
LOAD = (
    ((-0.24, 0.17, 0.24), (0.46, 0.6, 0.46), CRATE),
    ((0.24, 0.17, 0.24), (0.46, 0.83, 0.46), LINEN),
    ((-0.24, 0.17, -0.26), (0.46, 0.34, 0.42), LINEN),
    ((-0.24, 0.51, -0.26), (0.42, 0.24, 0.42), PARCEL),
    ((0.24, 0.17, -0.26), (0.46, 0.48, 0.42), CRATE),
)


@dataclass(frozen=True, kw_only=True)
class Cart:
    """A loaded trolley that `porter` pushes towards the camera."""

    porter: Person
    size: Vector = field(default_factory=lambda: np.array([1.1, 1.35, 1.3]))  # across, up, along

    def depth(self, seconds: float) -> float | None:
        if self.porter.depth(seconds) is None:
            return None
        z = float(self._middle(seconds)[2])
        return z if z > NEAREST_M else None

    def cast_shadow(self, shadows: Shadows, seconds: float) -> None:
        x, _, z = self._middle(seconds)
        shadows.spot(x, z, 0.6 * self.size[0], 0.6 * self.size[2])

    def draw(self, brush: Brush, seconds: float) -> None:
        middle = self._middle(seconds)
        for along in (0.4, -0.4):
            for across in (-0.4, 0.4):
                brush.ball(middle + self.size * (across, 0.07, along), 0.08, RUBBER)
        self._draw_box(brush, middle, (0.0, 0.1, 0.0), (1.0, 0.07, 1.0), STEEL)
        for foot, extent, colour in LOAD:
            self._draw_box(brush, middle, foot, extent, colour)

    def _middle(self, seconds: float) -> Vector:
        return np.array([self.porter.lane_x, 0.0, self.porter.hand(seconds)[2] - 0.7])

    def _draw_box(
        self,
        brush: Brush,
        middle: Vector,
        foot: tuple[float, float, float],
        extent: tuple[float, float, float],
        colour: Colour,
    ) -> None:
        """The faces that the camera sees, in parts of the cart's size: flank, top, near side."""
        low = middle + self.size * (np.array(foot) - np.array(extent) * (0.5, 0.0, 0.5))
        high = low + self.size * extent
        (left, bottom, near), (right, top, far) = low, high
        flank = right if middle[0] < 0 else left
        brush.face(
            [(flank, bottom, near), (flank, bottom, far), (flank, top, far), (flank, top, near)],
            colour, 0.72,
        )  # fmt: skip
        brush.face(
            [(left, top, near), (right, top, near), (right, top, far), (left, top, far)],
            colour, 1.08,
        )  # fmt: skip
        brush.face(
            [(left, bottom, near), (right, bottom, near), (right, top, near), (left, top, near)],
            colour, 0.88,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ThrownBag:
    """Leaves a hand, flies across the corridor, bounces and comes to rest."""

    thrown_at: float
    colour: Colour
    path: Vector  # (N, 3), one place per STEP

    STEP = 1 / 100
    RADIUS = 0.12

    def depth(self, seconds: float) -> float | None:
        return float(self._place(seconds)[2]) if seconds >= self.thrown_at else None

    def cast_shadow(self, shadows: Shadows, seconds: float) -> None:
        x, _, z = self._place(seconds)
        shadows.spot(x, z, 0.18, 0.18)

    def draw(self, brush: Brush, seconds: float) -> None:
        draw_bag(brush, self._place(seconds), self.colour)

    def _place(self, seconds: float) -> Vector:
        step = int((seconds - self.thrown_at) / self.STEP)
        return self.path[min(step, len(self.path) - 1)]


def throw_bag(
    person: Person, *, at: float, velocity: tuple[float, float, float], colour: Colour
) -> tuple[Person, ThrownBag]:
    """The person, who now carries a bag until `at`, and the bag from then on."""
    thrower = replace(person, clothes=replace(person.clothes, bag=colour), lets_go_at=at)
    path = _flight(bag_in(thrower.hand(at)), np.array(velocity))
    return thrower, ThrownBag(thrown_at=at, colour=colour, path=path)


def _flight(place: Vector, speed: Vector) -> Vector:
    """(N, 3) places until it lies still; floor and walls take some of its speed."""
    step, radius = ThrownBag.STEP, ThrownBag.RADIUS
    wall = HALF_WIDTH_M - 2 * radius
    path = [place]
    while np.abs(speed).max() > 0.15 or place[1] > radius + 0.01:
        speed = speed - GRAVITY * step * UP
        place = place + speed * step
        if place[1] < radius:
            place[1] = radius
            speed = speed * (0.55, -0.35, 0.55)
        if abs(place[0]) > wall:
            place[0] = np.copysign(wall, place[0])
            speed = speed * (-0.4, 1.0, 0.8)
        path.append(place)
    return np.array(path)
