"""Who is in the corridor in each clip, and what is wrong about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ml.data.corridor.brush import Colour
from ml.data.corridor.people import FARTHEST_M, RUN, Actor, Clothes, Person
from ml.data.corridor.things import Cart, throw_bag

THROWN_FROM_M = 9.0
LANES = {1: -1.15, -1: 1.15}  # metres from the axis, by direction: people keep to the left
TOPS: tuple[Colour, ...] = (
    (70, 92, 128), (136, 72, 66), (84, 108, 84), (128, 116, 92), (76, 80, 96), (112, 92, 120),
)  # fmt: skip
TROUSERS: tuple[Colour, ...] = ((62, 66, 82), (92, 84, 74), (60, 60, 66), (76, 90, 108))
SKINS: tuple[Colour, ...] = ((222, 184, 156), (182, 138, 108), (120, 86, 66), (238, 204, 178))
HAIR: tuple[Colour, ...] = ((42, 34, 30), (84, 60, 42), (26, 26, 28), (150, 146, 142))
SACK: Colour = (226, 220, 206)
BAGS: tuple[Colour, ...] = ((58, 58, 64), (106, 70, 48), (60, 84, 72))


@dataclass(frozen=True)
class Clip:
    """`abnormal` is the actor that the ground truth follows, None in a normal clip."""

    name: str
    actors: tuple[Actor, ...]
    abnormal: Actor | None = None
    label: str = "normal"


def normal_clip(name: str, rng: np.random.Generator, seconds: float) -> Clip:
    return Clip(name, tuple(_passers_by(rng, seconds)))


def abnormal_clip(name: str, label: str, rng: np.random.Generator, seconds: float) -> Clip:
    return ANOMALIES[label](replace(normal_clip(name, rng, seconds), label=label), rng, seconds)


def _passers_by(rng: np.random.Generator, seconds: float) -> list[Person]:
    """A steady stream in each lane, far enough apart not to walk through one another."""
    people = []
    for direction in (1, -1):
        speed = rng.uniform(1.15, 1.4)  # of the whole lane: nobody overtakes
        gap = rng.uniform(9.0, 12.0)
        ahead = rng.uniform(0.0, gap)
        reach = FARTHEST_M + speed * seconds
        for place in np.arange(ahead, reach, gap) + rng.uniform(-1.5, 1.5):
            start_z = FARTHEST_M - place if direction > 0 else 1.0 + place
            people.append(_somebody(rng, direction=direction, speed=speed, start_z=start_z))
    return people


def _somebody(rng: np.random.Generator, *, direction: int, speed: float, start_z: float) -> Person:
    return Person(
        lane_x=LANES[direction] + rng.uniform(-0.3, 0.3),
        start_z=start_z,
        direction=direction,
        speed=speed,
        clothes=_clothes(rng),
        height=rng.uniform(1.58, 1.86),
        phase=rng.uniform(0, 2 * np.pi),
    )


def _clothes(rng: np.random.Generator) -> Clothes:
    def pick(colours: tuple[Colour, ...]) -> Colour:
        return colours[rng.integers(len(colours))]

    bag = pick(BAGS) if rng.random() < 0.4 else None
    return Clothes(pick(TOPS), pick(TROUSERS), pick(SKINS), pick(HAIR), bag)


# --- Anomalies: each takes a normal clip and adds to it


def _running(clip: Clip, rng: np.random.Generator, seconds: float) -> Clip:
    """Somebody runs through, between the lanes, with everybody else walking on."""
    direction = int(rng.choice([1, -1]))
    runner = replace(
        _somebody(rng, direction=direction, speed=rng.uniform(4.2, 5.0), start_z=0.0),
        lane_x=rng.uniform(-0.2, 0.2),
        start_z=1.1 if direction > 0 else FARTHEST_M - 0.1,
        gait=RUN,
        enters_at=rng.uniform(0.2, 0.4) * seconds,
    )
    return replace(clip, actors=(*clip.actors, runner), abnormal=runner)


def _cart(clip: Clip, rng: np.random.Generator, seconds: float) -> Clip:
    """A loaded trolley comes along between the lanes."""
    porter = replace(
        _somebody(rng, direction=-1, speed=rng.uniform(1.3, 1.6), start_z=0.0),
        lane_x=rng.uniform(-0.15, 0.15),
        start_z=rng.uniform(15.0, 17.0),
        is_pushing=True,
    )
    porter = replace(porter, clothes=replace(porter.clothes, bag=None))
    cart = Cart(porter=porter)
    return replace(clip, actors=(*clip.actors, porter, cart), abnormal=cart)


def _thrown_bag(clip: Clip, rng: np.random.Generator, seconds: float) -> Clip:
    """Somebody on the way to the camera throws a bag across the corridor, where it stays."""
    at = rng.uniform(0.3, 0.4) * seconds
    walker = _somebody(rng, direction=-1, speed=1.2, start_z=THROWN_FROM_M + 1.2 * at)
    thrower, bag = throw_bag(walker, at=at, velocity=(-3.2, 3.8, -1.2), colour=SACK)
    others = [actor for actor in clip.actors if not _is_in_way(actor, at)]
    return replace(clip, actors=(*others, thrower, bag), abnormal=bag)


def _is_in_way(actor: Actor, seconds: float) -> bool:
    """Walks where the thrower does, or nearly."""
    depth = actor.depth(seconds)
    is_near = depth is not None and abs(depth - THROWN_FROM_M) < 4
    return isinstance(actor, Person) and actor.direction < 0 and is_near


def _wrong_direction(clip: Clip, rng: np.random.Generator, seconds: float) -> Clip:
    """Somebody walks against the stream, along the inner edge of the other lane."""
    direction = int(rng.choice([1, -1]))
    walker = _somebody(rng, direction=direction, speed=rng.uniform(1.4, 1.7), start_z=0.0)
    walker = replace(
        walker,
        lane_x=0.35 * direction,
        start_z=3.0 if direction > 0 else 16.0,  # below the picture, or on the way already
        enters_at=rng.uniform(0.1, 0.3) * seconds if direction > 0 else 0.0,
    )
    return replace(clip, actors=(*clip.actors, walker), abnormal=walker)


ANOMALIES: dict[str, Callable[[Clip, np.random.Generator, float], Clip]] = {
    "running": _running,
    "cart": _cart,
    "thrown bag": _thrown_bag,
    "wrong direction": _wrong_direction,
}
