"""Make a world from a seed: a small made-up force with many difficult cases."""

from __future__ import annotations

import random
from datetime import timedelta

from .board import make_log
from .changes import next_step
from .clock import midnight
from .courses import completion_files, hydra_files
from .events import Events
from .governance import log, register
from .model import Step, World
from .people import hr_files, make_careers
from .span import AS_ATS, END, LATER


def make_world(seed: int) -> World:
    """Make a world. The seed also decides how reliably officers write documents and do training."""
    rng = random.Random(seed)
    quality = (0.5, 0.9, 1.0)[seed % 3]
    diligence = (0.8, 0.97, 1.0)[(seed // 2) % 3]
    careers = make_careers(rng)
    files = hr_files(rng, careers)
    files += completion_files(rng, careers, diligence)
    files += hydra_files(rng, careers, diligence)
    written = midnight(END) - timedelta(days=rng.choice((3, 20, 34, 37, 192)))
    files += [register(rng, written), log(rng, written, [])]
    first = Step(Events(rng, careers, quality).make(), files)
    second = next_step(rng, first, careers)
    _add_board_logs(random.Random(f"board {seed}"), seed, first, second)
    return World(seed, [first, second], list(AS_ATS), list(LATER))


def _add_board_logs(rng: random.Random, seed: int, first: Step, second: Step) -> None:
    """Add the Board's logs.

    Of four seeds in a row, one has no log, and one delivers a log only in the second step.
    """
    if seed % 4 == 0:
        return
    written = midnight(END) - timedelta(days=rng.choice((3, 37)))
    earlier = None if seed % 4 == 3 else make_log(rng, written, None)
    if earlier is not None:
        first.files.append(earlier)
    second.files.append(make_log(rng, midnight(END) + timedelta(hours=17), earlier))
