"""From a checked config to the parts a task works with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness import families, inputs, records
from harness.collector import paused_collector
from harness.errors import unknown_name
from harness.inputs import Source
from harness.processes.memory import keep_freed_memory
from harness.runs.config import Progress, RunConfig, nothing
from harness.runs.context import Context, context_of
from harness.runs.device import arithmetic, chosen

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Setup(Context):
    """A config's parts, each found and checked; torch is loaded once one is asked for that needs it."""

    source: Source

    @cached_property
    def device(self) -> torch.device:
        """The run's."""
        return chosen(self.config.device)

    @property
    def classes(self) -> int:
        """Classes of the label's dataset."""
        return self.source.classes

    @property
    def fidelity(self) -> str:
        """Size of the networks and supernets."""
        return self.config.fidelity["name"]

    @property
    def masking(self) -> str:
        """What becomes of candidates removed from a supernet."""
        if self.config.masking != "default":
            return self.config.masking
        if self.config.variant == "paper":
            return "drop"
        from harness import networks

        return networks.released_masking(self.space)

    @property
    def counting(self) -> str:
        """At which inputs ReLU codes are counted, a name of :data:`harness.released.COUNTINGS`."""
        if self.config.variant == "paper":
            return "once"
        from harness import networks

        return networks.released_counting(self.space)

    def counted(self, *names: str) -> dict[str, str]:
        """How ReLUs are counted, where one of these proxies does so otherwise than once: a run's setting."""
        if self.counting == "once":
            return {}
        from harness.proxies import counts_relus

        return {"counting": self.counting} if any(map(counts_relus, names)) else {}

    @property
    def measuring(self) -> tuple[int, str, float | None, str, str]:
        """Seed, path, time limit, counting and precision, as :func:`harness.proxies.measure` takes them."""
        config = self.config
        return config.seed, config.path, config.time_limit, self.counting, config.precision

    @property
    def limits(self) -> dict[str, float]:
        """The time limit where there is one; as it decides which rows fail, it is one of a run's settings."""
        return {} if self.config.time_limit is None else {"time_limit": self.config.time_limit}

    @property
    def computing(self) -> AbstractContextManager[Any]:
        """Inside, torch computes as the run's arithmetic says, and from then on with its threads."""
        from threadpoolctl import threadpool_limits

        with paused_collector():  # a tenth of the time
            import torch

        torch.set_num_threads(self.config.threads)
        threadpool_limits(self.config.threads, user_api="blas")
        keep_freed_memory()
        return arithmetic(str(self.device), self.config.arithmetic)

    @property
    def arithmetic(self) -> dict[str, str]:
        """The arithmetic where it is not the usual one; then it is one of a run's settings."""
        usual = self.config.arithmetic == "reproducible"
        return {} if usual else {"arithmetic": self.config.arithmetic}

    @property
    def precision(self) -> dict[str, str]:
        """The precision where it is not float32; then it is one of a run's settings."""
        usual = self.config.precision in ("default", "float32")
        return {} if usual else {"precision": self.config.precision}

    @property
    def notice(self) -> str:
        """Where the precision is not to be had here."""
        why = self._lacking
        return f"precision={self.config.precision} was computed in float32, since {why}" if why else ""

    @property
    def _lacking(self) -> str:
        if not self.precision:
            return ""
        from harness.proxies import lacking

        return lacking(self.config.precision, self.device)

    @property
    def supernets(self) -> dict[str, Any]:
        """How many supernets' scores are averaged and how, where it is more than one: a run's settings."""
        several = self.config.supernets > 1
        return {"supernets": self.config.supernets, "scale": self.config.scale} if several else {}

    @property
    def input_settings(self) -> dict[str, Any]:
        """The input as one of a run's settings."""
        return {"input": {"name": self.source.name, "digest": self.source.digest}}

    @property
    def measured_settings(self) -> dict[str, Any]:
        """Settings of a run that measures proxies on networks of the run's size, with its batches.

        The paths ``reference`` and ``exact`` give the same numbers.
        """
        return {
            "fidelity": self.fidelity,
            "path": "fast" if self.config.path == "fast" else "exact",
            **self.input_settings,
            "batch_size": self.config.batch_size,
            **self.limits,
            **self.arithmetic,
            **self.precision,
        }

    def provenance(self, run: records.Run) -> dict[str, Any]:
        """The same with the run's device and input, and how exactly the device computes.

        Where the settings name a precision, ``codes`` of the numerics is the one that was taken.
        """
        from harness.runs.numerics import numerics

        return records.provenance(
            self.device.type,
            self.config.threads,
            self.benchmark.digest(self.label.name),
            self.source.digest,
            run,
            numerics(self.device) | self._counted_in,
        )

    @property
    def _counted_in(self) -> dict[str, str]:
        """The numbers in which codes are computed, and why, where the run's settings name a precision."""
        taken = f"float32, since {self._lacking}" if self._lacking else self.config.precision
        return {"codes": taken} if self.precision else {}


def prepare(config: RunConfig, estimating: bool = True, progress: Progress = nothing) -> Setup:
    """Find everything that a checked config needs; nothing is written.

    ``estimating`` and ``progress`` are the context's.

    Raises
    ------
    HarnessError
        Where something does not exist, cannot be read, or the results folder cannot be written.
    """
    context = context_of(config, progress=progress)
    sizes = families.fidelities(context.space)
    if config.fidelity["name"] not in sizes:
        raise unknown_name(f"fidelity of {context.space.name}", config.fidelity["name"], sizes)
    dataset = context.benchmark.dataset(context.label.name)
    pixels = families.image_size(context.space, config.fidelity["name"], dataset.image_size)
    chosen_input = {name: config.input[name] for name in ("folder", "crop") if name in config.input}
    source = inputs.opened(config.input["name"], dataset.classes, pixels, **chosen_input)
    source.require(config.batch_size)
    found = (context.space, context.benchmark, context.label, context.store, source)
    setup = Setup(config, *found, estimating=estimating)
    if config.device not in ("auto", "cpu") or config.arithmetic == "fastest":
        with setup.computing:  # which refuses what the machine does not have
            pass
    if setup.precision:
        from harness.proxies import require_precision

        require_precision(config.precision, config.path, {}, setup.device.type)
    return setup
