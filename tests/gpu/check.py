"""``python -m tests.gpu.check`` (``make gpu``): proxies and scorers on a GPU held to the CPU's values.

Measures every proxy on a network and on the supernet of every space, and every operation scorer on every
space's supernet, on the CPU and twice on the device; takes scores per second and peak memory; sees whether
torch's settings are put back. What matters most comes first: nothing is begun that would not end within
``--seconds``, and what was not reached is told. Prints Markdown for ``docs/gpu.md``; ``--device cpu --scale
tiny`` rehearses it.

Exit codes: 0 all as it should be, 1 something is wrong or was not reached, 2 bad input.
"""

from __future__ import annotations

import faulthandler
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import torch

from harness import spaces
from harness.cli._sentence import Parser, guarded
from harness.errors import ConfigError, unknown_name
from harness.runners import arithmetic
from harness.runs.device import chosen, facts
from tests.gpu import measured
from tests.gpu.compared import Compared, table
from tests.gpu.measured import TINY, Scale
from tests.gpu.settings import settings

SECONDS = 450
SCALES = {"full": Scale(), "tiny": TINY}


@dataclass(frozen=True)
class Part:
    """Something to do: its ``kind`` tells how long it may take, from those of its kind that are done."""

    kind: str
    space: str
    item: str
    work: Callable[[], Any]


@dataclass
class Found:
    """What came of the parts."""

    proxies: list[Compared] = field(default_factory=list)
    scorers: list[Compared] = field(default_factory=list)
    speed: dict[str, dict[str, float]] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    """Bytes, by space and kind of part."""
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do as much as there is time for, and print it."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    asked = _parse(arguments)
    device = str(chosen(asked.device))
    known = spaces.names() if asked.spaces == "all" else tuple(asked.spaces.split(","))
    for name in known:
        if name not in spaces.names():
            raise unknown_name("space", name, spaces.names())
    before = settings()
    found = done(plan(known, device, SCALES[asked.scale]), device, asked.seconds)
    if settings() != before:
        found.wrong.append(f"torch's settings are not as they were: {settings()}, before {before}")
    print("\n".join(page(found, known, device, asked.scale)))
    return int(not right(found))


def plan(known: Sequence[str], device: str, scale: Scale) -> list[Part]:
    """All parts, in the order of their importance."""
    compared = [
        Part("proxies", space, "proxies", lambda space=space: measured.proxies_of(space, device, scale))
        for space in known
    ]
    speed = [
        Part("speed", space, "speed", lambda space=space: measured.speed_of(space, device, scale))
        for space in known
    ]
    scored = [
        Part(name, space, name, lambda name=name, space=space: measured.scorer_of(name, space, device, scale))
        for name in measured.scorers_on_a_device()
        for space in known
    ]
    return [*compared, *speed[:1], *scored, *speed[1:]]


def done(parts: Sequence[Part], device: str, seconds: float) -> Found:
    """What comes of the parts within ``seconds``; none is begun that would take longer."""
    found, longest, start = Found(), {}, perf_counter()
    for part in parts:
        begun = perf_counter()
        if begun - start + longest.get(part.kind, 0.0) > seconds:
            found.missed.append(f"{part.item} on {part.space}")
            continue
        print(f"{begun - start:.0f} s: {part.item} on {part.space}", file=sys.stderr, flush=True)
        _forget_peak(device)
        try:
            _file(found, part, part.work())
        except Exception as error:
            found.wrong.append(f"{part.item} on {part.space}: {type(error).__name__}: {error}")
        place = f"{part.space}, {part.kind if part.kind in ('proxies', 'speed') else 'scorers'}"
        found.memory[place] = max(found.memory.get(place, 0), _peak(device))
        longest[part.kind] = max(longest.get(part.kind, 0.0), perf_counter() - begun)
    return found


def right(found: Found) -> bool:
    """Whether all is as it should be and nothing was left out."""
    return not (found.wrong or found.missed or any(each.wrong for each in (*found.proxies, *found.scorers)))


def page(found: Found, known: Sequence[str], device: str, scale: str) -> list[str]:
    """Markdown of it all."""
    with arithmetic(device):
        what = facts(device)
    where = what["device_model"] or "the CPU (a rehearsal: its own values twice)"
    precision = ", ".join(f"{name} {value}" for name, value in what["precision"].items())
    lines = [
        f"On {where}; torch {torch.__version__}, CUDA {what['cuda']}, cuDNN {what['cudnn']}; {precision}; "
        f"deterministic kernels: {what['deterministic']}; scale {scale}.",
        "",
        *table("proxy", found.proxies, known),
        "",
        *table("operation scorer", found.scorers, known),
        "",
        *_speed(found.speed),
        "",
        "| peak memory on the device | MiB |",
        "|---|---|",
        *(f"| {place} | {peak / 2**20:.0f} |" for place, peak in found.memory.items()),
        "",
    ]
    lines += [f"- wrong: {each}" for each in found.wrong] or ["torch's settings are as they were before."]
    lines += [f"- not reached in time: {each}" for each in found.missed]
    return lines


def _file(found: Found, part: Part, result: Any) -> None:
    if part.kind == "proxies":
        found.proxies += result
    elif part.kind == "speed":
        found.speed[part.space] = result
    else:
        found.scorers.append(result)


def _speed(speed: dict[str, dict[str, float]]) -> list[str]:
    if not speed:
        return ["No speed was taken."]
    names = next(iter(speed.values()))
    return [
        f"| scores per second | {' | '.join(speed)} |",
        f"|---|{'---|' * len(speed)}",
        *(f"| {name} | {' | '.join(f'{each[name]:.3g}' for each in speed.values())} |" for name in names),
    ]


def _forget_peak(device: str) -> None:
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)


def _peak(device: str) -> int:
    return 0 if device == "cpu" else torch.cuda.max_memory_allocated(device)


def _parse(arguments: Sequence[str] | None) -> Namespace:
    parser = Parser(prog="python -m tests.gpu.check", description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, or cpu for a rehearsal")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of all (default: %(default)s)")
    parser.add_argument(
        "--scale", default="full", choices=sorted(SCALES), help="size of networks and batches"
    )
    parser.add_argument("--spaces", default="all", help="some, like nb201,nbmacro")
    asked = parser.parse_args(arguments)
    if not asked.seconds > 0:
        raise ConfigError(f"--seconds must be above 0; received {asked.seconds}.")
    return asked


if __name__ == "__main__":
    faulthandler.enable()  # should the process die, its last words say where
    sys.exit(main())
