"""Layers of several branches at once: what runs is averaged, and a layer that keeps its shape adds its input.

Ci et al., "Evolving Search Space for Neural Architecture Search", ICCV 2021, and its released code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness.networks._blocks import add


@dataclass(frozen=True)
class Gate:
    """Which candidates of a decision run.

    Attributes
    ----------
    chosen
        Indices of those whose average the layer puts out.
    other, share
        Where the gates' probabilities learn, another set of candidates, and ``q``, the probability of
        ``chosen`` where one of both is drawn: a scalar.
    """

    chosen: tuple[int, ...]
    other: tuple[int, ...] = ()
    share: Tensor | None = None


class Averaged(nn.Module):
    r"""The average of a gate's branches and, where the layer ``passes`` it on, of the input.

    .. math:: y(S) = \frac{[\text{passes}]\, x + \sum_{k \in S} o_k(x)}{[\text{passes}] + |S|}

    With another set ``T`` and the share ``q`` it is

    .. math:: y(S) (q + 1 - \mathrm{sg}\, q) + y(T) (1 - q - \mathrm{sg}(1 - q))

    where :math:`\mathrm{sg}` has no gradient: the value is that of ``y(S)``, and the gradient with respect to
    ``q`` that of the mixture ``q y(S) + (1 - q) y(T)``. Nothing else of ``T`` has one.

    Parameters
    ----------
    gate
        The sets of candidates; ``chosen`` is not empty where the input does not pass.
    modules
        By candidate its module; one without puts out zeros.
    passes
        Whether the input is a term.
    """

    def __init__(self, gate: Gate, modules: Mapping[int, nn.Module], passes: bool) -> None:
        super().__init__()
        self.gate, self.passes = gate, passes
        running = {*gate.chosen, *gate.other}
        self.branches = nn.ModuleDict({str(index): modules[index] for index in modules if index in running})

    def forward(self, inputs: Tensor) -> Tensor:
        """Input and output have the shape of every branch's input and output."""
        gate = self.gate
        outputs = {index: self._branch(index, inputs) for index in gate.chosen}
        chosen = self._average(inputs, [outputs[index] for index in gate.chosen])
        if gate.share is None:
            return chosen
        with torch.no_grad():
            others = [
                outputs[index] if index in outputs else self._branch(index, inputs) for index in gate.other
            ]
            other = self._average(inputs, others)
        fixed = gate.share.detach()
        return chosen * (gate.share + 1 - fixed) + other * (fixed - gate.share)

    def _branch(self, index: int, inputs: Tensor) -> Tensor | None:
        name = str(index)
        return self.branches[name](inputs) if name in self.branches else None

    def _average(self, inputs: Tensor, outputs: Sequence[Tensor | None]) -> Tensor:
        terms = [inputs] if self.passes else []
        terms += [output for output in outputs if output is not None]
        count = len(outputs) + self.passes
        return add(terms) if count == 1 else add(terms) / count
