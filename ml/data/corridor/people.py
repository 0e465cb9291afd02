"""People: how they walk, run and look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml.data.corridor.brush import Brush, Colour, Shadows
from ml.data.corridor.scene import END_M

Vector = NDArray[np.float64]
NEAREST_M, FARTHEST_M = 1.0, END_M - 0.6
RIGHT, UP, FORWARD = np.eye(3)
SIDES = np.array([-1.0, 1.0])
SHOE: Colour = (44, 40, 38)


class Actor(Protocol):
    """Anything that moves. It is asked to draw only where it has a depth."""

    def depth(self, seconds: float) -> float | None:
        """Metres into the corridor, or None while it is not there."""
        ...

    def cast_shadow(self, shadows: Shadows, seconds: float) -> None: ...

    def draw(self, brush: Brush, seconds: float) -> None: ...


@dataclass(frozen=True)
class Gait:
    """How somebody moves; angles in radians."""

    swing: float
    knee: float
    elbow: float
    lean: float
    bounce_m: float
    metres_per_cycle: float


WALK = Gait(swing=0.42, knee=0.75, elbow=0.25, lean=0.03, bounce_m=0.02, metres_per_cycle=1.45)
RUN = Gait(swing=0.85, knee=1.7, elbow=1.6, lean=0.22, bounce_m=0.07, metres_per_cycle=2.5)
# Where pushing arms hang: upper arm and forearm, from the vertical.
PUSHING = np.array([0.7, 1.4])


@dataclass(frozen=True)
class Clothes:
    top: Colour
    trousers: Colour
    skin: Colour
    hair: Colour
    bag: Colour | None = None  # carried in the right hand


@dataclass(frozen=True)
class Pose:
    """Joints in world coordinates, each row from the trunk outwards."""

    hips: Vector
    neck: Vector
    head: Vector
    legs: Vector  # (2, 3, 3): side, joint, xyz
    arms: Vector  # (2, 3, 3)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Moves along the corridor; `direction` is 1 away from the camera, -1 towards it."""

    lane_x: float
    start_z: float
    direction: int
    speed: float  # metres per second
    clothes: Clothes
    height: float = 1.72
    gait: Gait = WALK
    enters_at: float = 0.0
    phase: float = 0.0
    is_pushing: bool = False
    lets_go_at: float = np.inf  # of the bag

    def depth(self, seconds: float) -> float | None:
        z = self._z(seconds)
        return z if seconds >= self.enters_at and NEAREST_M < z < FARTHEST_M else None

    def cast_shadow(self, shadows: Shadows, seconds: float) -> None:
        shadows.spot(self.lane_x, self._z(seconds), 0.3, 0.34)

    def draw(self, brush: Brush, seconds: float) -> None:
        pose = self.pose(seconds)
        # Only which side of the trunk an arm or leg is on matters: they never cross each other.
        behind = pose.arms[:, 2, 2] > pose.hips[2]
        for arm in pose.arms[behind]:
            self._draw_arm(brush, arm)
        for leg in sorted(pose.legs, key=lambda leg: -leg[2, 2]):
            self._draw_leg(brush, leg)
        self._draw_trunk(brush, pose)
        for arm in pose.arms[~behind]:
            self._draw_arm(brush, arm)
        if self.clothes.bag and seconds < self.lets_go_at:
            draw_bag(brush, bag_in(pose.arms[1, 2]), self.clothes.bag)

    def hand(self, seconds: float) -> Vector:
        """The right one."""
        return self.pose(seconds).arms[1, 2]

    def pose(self, seconds: float) -> Pose:
        gait, height = self.gait, self.height
        cycle = self.phase + 2 * np.pi * self._travelled(seconds) / gait.metres_per_cycle
        forward = self.direction * FORWARD
        hips = np.array([self.lane_x, 0.53 * height, self._z(seconds)])
        hips += 0.025 * np.sin(cycle) * RIGHT + gait.bounce_m * abs(np.cos(cycle)) * UP
        neck = hips + 0.31 * height * (UP * np.cos(gait.lean) + forward * np.sin(gait.lean))

        sideways = self.direction * height * SIDES[:, None] * RIGHT
        thighs = gait.swing * np.sin(cycle) * -SIDES
        knees = gait.knee * np.maximum(0.0, np.cos(cycle) * -SIDES) + 0.08
        upper_arms, forearms = -0.75 * thighs, -0.75 * thighs + gait.elbow
        if self.is_pushing:
            upper_arms, forearms = PUSHING[[0, 0]], PUSHING[[1, 1]]
        return Pose(
            hips=hips,
            neck=neck,
            head=neck + 0.085 * height * (UP + 0.1 * forward),
            legs=_chains(hips + 0.055 * sideways, forward, (thighs, thighs - knees), 0.25 * height),
            arms=_chains(
                neck - 0.03 * height * UP + 0.112 * sideways, forward, (upper_arms, forearms),
                0.165 * height,
            ),
        )  # fmt: skip

    def _z(self, seconds: float) -> float:
        return self.start_z + self.direction * self._travelled(seconds)

    def _travelled(self, seconds: float) -> float:
        return self.speed * (seconds - self.enters_at)

    def _draw_leg(self, brush: Brush, leg: Vector) -> None:
        hip, knee, ankle = leg
        height, trousers = self.height, self.clothes.trousers
        brush.limb(hip, knee, (0.048 * height, 0.036 * height), trousers)
        brush.limb(knee, ankle, (0.036 * height, 0.026 * height), trousers)
        toe = ankle + (0.12 * self.direction * FORWARD - 0.02 * UP)
        brush.limb(ankle - 0.02 * UP, toe, (0.03 * height, 0.03 * height), SHOE)

    def _draw_arm(self, brush: Brush, arm: Vector) -> None:
        shoulder, elbow, hand = arm
        height, top = self.height, self.clothes.top
        brush.limb(shoulder, elbow, (0.031 * height, 0.026 * height), top)
        brush.limb(elbow, hand, (0.026 * height, 0.019 * height), top)
        brush.ball(hand, 0.025 * height, self.clothes.skin)

    def _draw_trunk(self, brush: Brush, pose: Pose) -> None:
        height, clothes = self.height, self.clothes
        seat, waist = pose.hips + 0.06 * height * UP, pose.hips + 0.05 * height * UP
        brush.limb(pose.hips, seat, (0.085 * height, 0.085 * height), clothes.trousers)
        chest = pose.neck - 0.09 * height * UP
        brush.limb(waist, chest, (0.082 * height, 0.105 * height), clothes.top)
        brush.limb(pose.neck, pose.head, (0.034 * height, 0.034 * height), clothes.skin)
        face = clothes.hair if self.direction > 0 else clothes.skin
        brush.ball(pose.head, 0.062 * height, face)
        brush.ball(pose.head + 0.033 * height * UP, 0.054 * height, clothes.hair)


def _chains(roots: Vector, forward: Vector, angles: tuple[Vector, Vector], length: float) -> Vector:
    """(2, 3, 3) two links of `length` from each root, hanging at `angles` from the vertical."""
    links = [
        length * (np.sin(angle)[:, None] * forward - np.cos(angle)[:, None] * UP)
        for angle in angles
    ]
    return np.stack([roots, roots + links[0], roots + links[0] + links[1]], axis=1)


def bag_in(hand: Vector) -> Vector:
    """The middle of a bag that hangs from `hand`."""
    return hand - 0.19 * UP


def draw_bag(brush: Brush, centre: Vector, colour: Colour) -> None:
    brush.limb(centre - 0.14 * RIGHT, centre + 0.14 * RIGHT, (0.12, 0.12), colour)
    handle = centre + 0.13 * UP
    brush.limb(handle - 0.08 * RIGHT, handle + 0.08 * RIGHT, (0.02, 0.02), colour)
