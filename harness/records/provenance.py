"""Where numbers come from: code, versions, machine, data."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import folders
from harness.records import code
from harness.records.run import Run
from harness.version import VERSION

PACKAGES = ("torch", "numpy", "scipy", "pandas", "hydra-core", "nas-bench-201", "nasbench-pytorch")
"""Distributions that can change a number."""

SOURCES = ("harness", "conf", "benchmarks_data", "pyproject.toml")
"""What of the clone counts for the dirty flag: a changed README changes no number."""


NOT_DECISIVE = ("package", "commit", "dirty", "commits", "published")
"""What of a provenance changes no number: the code is told by its digests, and the rest tells of origins."""


def provenance(
    device: str,
    threads: int,
    truth_digest: str | None = None,
    input_digest: str | None = None,
    run: Run | None = None,
    numerics: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything a reader needs to get the same bytes again; the same for identical runs on one machine.

    Parameters
    ----------
    device
        As the runner names it, for example ``"cpu"``.
    threads
        Threads within one operation of the numeric libraries.
    truth_digest, input_digest
        SHA-256 in hex of the figures that count and of the input; ``None`` where the run has none.
    run
        Whose items of other packages are told; none where it is ``None``.
    numerics
        What the numeric library says of the device, its precision and its kernels; ``None`` without one.

    Returns
    -------
    dict
        ``package``, ``commit`` and ``dirty`` (of the clone this package lies in; ``None`` outside one),
        ``code`` (:func:`harness.records.code.layers`), ``foreign`` (:func:`harness.records.code.foreign`),
        ``python``, ``platform``, ``machine``, ``processor``, ``versions`` (``None`` where not installed),
        ``device``, ``threads``, ``numerics``, ``truth_digest``, ``input_digest``.
    """
    return {
        "package": VERSION,
        **clone_state(folders.ROOT),
        "code": dict(code.layers()),
        "foreign": {} if run is None else code.foreign(code.items(run)),
        "python": platform.python_version(),
        "platform": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "versions": {name: _version(name) for name in PACKAGES},
        "device": device,
        "threads": threads,
        "numerics": None if numerics is None else dict(numerics),
        "truth_digest": truth_digest,
        "input_digest": input_digest,
    }


def decisive(provenance: Mapping[str, Any], layers: Iterable[str]) -> dict[str, Any]:
    """What of a ``provenance`` can change a number that the ``layers`` of the code make.

    Numbers are joined where it is equal. An older record's, which does not say enough, is equal to none.
    """
    digests = provenance.get("code") or {}
    kept = {name: value for name, value in provenance.items() if name not in NOT_DECISIVE}
    return {**kept, "code": {layer: digests.get(layer) for layer in layers}}


@lru_cache(maxsize=8)
def clone_state(root: Path) -> dict[str, Any]:
    """Commit of the clone whose top folder is ``root`` and whether :data:`SOURCES` differ from it.

    ``None`` for both where ``root`` is not itself the top of a git clone: an installed package that
    happens to lie inside another project's clone says nothing about that project's commit.
    """
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root.resolve():
        return {"commit": None, "dirty": None}
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    changes = _git(root, "status", "--porcelain", "--", *SOURCES)
    return {"commit": commit, "dirty": None if changes is None else changes != ""}


def _git(root: Path, *arguments: str) -> str | None:
    # GIT_DIR and its kin, set inside a git hook, would answer for another clone.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True, text=True, timeout=30, check=True, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


@lru_cache
def _processor() -> str | None:
    """The CPU's model name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or None


@lru_cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
