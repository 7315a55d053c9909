"""Networks fitted to a degraded image, by how well they do without the true one; no truth is read.

The fits are kept like any truth that is measured here, so that a run that was killed finds them, and shared
among ``workers``. What the fits say of the true image goes into the record once the search is over, and so
do the classical network's fit and the images themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigError
from harness.evidence._evidence import Evidence, Facts
from harness.evidence._method import Method
from harness.runs.config import Estimate, Progress, nothing
from harness.scorers import Score, Work
from harness.searchers import Fits
from harness.spaces import Architecture

if TYPE_CHECKING:
    from harness.runs._kept import Figure
    from harness.runs._restorer import Restorer
    from harness.runs.context import Context  # loads pandas

TRAINABLE = False


class Restorations(Evidence):
    """The fitness of networks, fitted without ``options["held_out"]`` of the known pixels."""

    def __init__(self, context: Context, method: Method, options: Mapping[str, Any]) -> None:
        super().__init__(context, method, options)
        self._restorer, self._count = _restorer(context), method.module.networks(options)
        self._fitted: dict[str, Figure] = {}

    @property
    def _fitness(self) -> str:
        """What counts: PSNR on what the fit has read (``degraded``), or on what it has not (``held_out``)."""
        return self.options["fitness"]

    def _fitting(self, progress: Progress = nothing) -> Restorer:
        share = self.options["held_out"] if self._fitness == "held_out" else 0.0
        return self._restorer.holding_out(share, progress)

    def settings(self) -> dict[str, Any]:
        """The method's, without a share that nothing is held out by."""
        unused = {"held_out"} if self._fitness != "held_out" else set()
        return {name: value for name, value in super().settings().items() if name not in unused}

    def estimate(self, work: Work) -> Estimate:
        """How long the fits take that the search asks for, and that of the classical network."""
        return self._fitting().estimate([], more=self._count + 1)

    def open(self, progress: Progress) -> Fits:
        """A function that fits networks and says how well they do."""
        fitting = self._fitting(progress)

        def fitness(archs: Sequence[Architecture]) -> list[Score]:
            found = fitting.fits(archs)
            self.counts["evaluations"] += len(archs)
            self._fitted |= {
                self.context.space.format(arch): each for arch, each in zip(archs, found, strict=True)
            }
            return [self._score(each) for each in found]

        return Fits(**self.shared(progress), fitness=fitness)

    def _score(self, figure: Figure) -> Score:
        value = figure.content.get(self._fitness)
        if value is None:
            return Score(None, "nan", "the loss of the fit left the finite numbers")
        return Score(float(value))

    def annotated(self, trace: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The trace with the true PSNR of every fit, which the search was not told."""
        return [
            row | {"accuracy": self._fitted[row["arch"]].accuracy} if row.get("arch") in self._fitted else row
            for row in trace
        ]

    def costs(self, arch: Architecture) -> dict[str, Any]:
        """What the restoration by ``arch`` is like beside the classical one and the simple method's."""
        from harness.runs._restorer import compared  # loads torch

        return {"restoration": compared(self._restorer, arch)}

    def facts(self) -> Facts:
        """How many networks were fitted, and where."""
        origins = [origin for figure in self._fitted.values() for origin in figure.origins]
        return Facts({"networks": len(self._fitted)}, {"fits": origins}, self.counts["evaluations"])


def _restorer(context: Context) -> Restorer:
    if context.config.truth["name"] != "restore":
        raise ConfigError(
            f"searcher={context.config.searcher['name']} fits networks to a degraded image: name how with "
            f"truth=restore; received truth={context.config.truth['name']}."
        )
    return context.benchmark.figures  # type: ignore[attr-defined]  # it is measured


def of(context: Context, method: Method, options: Mapping[str, Any]) -> list[Evidence]:
    """One record; raises :class:`ConfigError` where nothing is restored."""
    return [Restorations(context, method, options)]
