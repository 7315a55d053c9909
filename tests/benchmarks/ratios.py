"""The ratios of a benchmark, kept by kind of processor in ``tests/benchmarks/ratios``: what fell is told.

Ratios are within a round, so that other work on the machine moves them less than seconds; by how much they
scatter all the same, the medians of some rounds say. Nothing fails by itself: a ratio that fell by more than
a tenth (:data:`FELL`) is printed, and kept ones are replaced by ``--accept`` alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from harness import files, records

FOLDER = Path(__file__).parent / "ratios"
FELL = 0.1
"""Share of a kept ratio by which a fresh one may be lower without being told of."""


def kind(threads: int, device: torch.device | None = None) -> str:
    """The file's name: processor, its family where Linux tells it, vector instructions of torch, threads.

    On a GPU its name alone.
    """
    if device is not None and device.type == "cuda":
        return _plain(torch.cuda.get_device_name(device))
    processor = records.provenance("cpu", threads)["processor"]
    words = f"{processor} {_family()} {torch.backends.cpu.get_cpu_capability()} {threads} threads"
    return _plain(words)


def _plain(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-").lower()


def _family() -> str:
    """``family 25`` of a Zen 4, ``family 26`` of a Zen 5, which a virtual machine may call by one name."""
    told = Path("/proc/cpuinfo")
    found = re.search(r"^cpu (family)\s*:\s*(\d+)", told.read_text() if told.exists() else "", re.MULTILINE)
    return " ".join(found.groups()) if found else ""


def lines(
    benchmark: str,
    fresh: Mapping[str, float],
    threads: int,
    accept: bool = False,
    folder: Path = FOLDER,
    device: torch.device | None = None,
) -> Iterator[str]:
    """What to print of ``fresh`` ratios by name; with ``accept`` they replace the kept ones."""
    path = folder / f"{kind(threads, device)}.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    own = kept.get(benchmark, {})
    for name, ratio in fresh.items():
        before = own.get(name)
        if before is not None and ratio < before * (1 - FELL):
            words = f"{name}, {ratio:.1f}x now, {before:.1f}x kept in {path.name}"
            yield f"fell by {1 - ratio / before:.0%}: {words}"
    unknown = [name for name in fresh if name not in own]
    if accept:
        kept[benchmark] = own | {name: round(ratio, 2) for name, ratio in fresh.items()}
        files.write_texts("Ratios", folder, {path.name: json.dumps(kept, indent=1, sort_keys=True) + "\n"})
        yield f"kept {len(fresh)} ratios in {path}"
    elif unknown:
        yield f"not kept in {path.name} yet: {', '.join(unknown)}; --accept keeps them"
