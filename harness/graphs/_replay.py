"""Parts that are run again and again: what one did once is written down for its further inputs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from torch import nn

from harness.graphs._known import Call
from harness.graphs._node import Node, Nodes, replaced

OWN = "harness.networks."
LAYERS = ("torch.nn.modules.", OWN)
"""Their layers do the same whenever they are handed a tensor of one shape, or cannot be traced."""


@dataclass
class Recording:
    """What a part did to one input.

    Attributes
    ----------
    input
        The node it was handed.
    made
        The nodes that its calls made, operands first.
    relus, blocks
        Those of a graph, of the part alone.
    output, shape
        The node that it returned, and the shape of its tensor; None where it cannot be replayed.
    updated
        ``id`` of the running statistics that it updates.
    of_pixels
        Whether it convolved to maps of one pixel.
    whole
        Whether ``made`` is all there is to say of it: not where tensors are overwritten or share memory.
    """

    input: Node
    made: list[Node] = field(default_factory=list)
    relus: Counter[Node] = field(default_factory=Counter)
    blocks: Counter[Node] = field(default_factory=Counter)
    output: Node | None = None
    shape: tuple[int, ...] = ()
    updated: set[int] = field(default_factory=set)
    of_pixels: bool = False
    whole: bool = True

    def add(self, call: Call, node: Node) -> None:
        """Note a call and the node that it made."""
        self.made.append(node)
        if call.relu:
            self.relus[node] += 1
        if call.block:
            self.blocks[node] += 1
        self.of_pixels |= call.of_pixels
        self.whole = self.whole and not call.overwrites and not call.view

    def returned(self, output: Node | None, shape: tuple[int, ...]) -> None:
        """Note what the part returned, and so that there is nothing more to note."""
        if self.whole:
            self.output, self.shape = output, shape

    def replay(self, node: Node, nodes: Nodes) -> dict[Node, Node]:
        """The nodes that the part makes of ``node``, by those that it made of ``input``."""
        made = {self.input: node}
        for recorded in self.made:
            if recorded not in made:
                operands = replaced(recorded.operands, made)
                made[recorded] = nodes.node(recorded.function, operands, recorded.dim)
        return made


def split(module: nn.Module, nodes: Nodes) -> tuple[list[nn.Module], list[nn.Sequential]]:
    """The parts of ``module`` that are run in every trace, and sequences that are run once.

    The latter are of known layers, and stand in this package's networks, which call them as a whole; anyone
    else may call their layers one by one. They have no hooks and keep nothing in Python; what they hold is in
    neither list.
    """
    run: dict[nn.Module, None] = {}
    sequences: dict[nn.Sequential, None] = {}
    waiting = [(module, False)]
    while waiting:
        part, called = waiting.pop()
        if called and isinstance(part, nn.Sequential) and _is_known(part, nodes.known):
            sequences[part] = None
        elif part not in run:
            run[part] = None
            within = type(part).__module__.startswith(OWN) or (called and type(part) in _CONTAINERS)
            waiting += ((child, within) for child in part._modules.values() if child is not None)
    return list(run), list(sequences)


_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def _is_known(part: nn.Module, known: dict[nn.Module, bool]) -> bool:
    found = known.get(part)
    if found is None:
        children = [child for child in part._modules.values() if child is not None]
        found = known[part] = (
            (not children or isinstance(part, nn.Sequential))
            and type(part).__module__.startswith(LAYERS)
            and "forward" not in vars(part)
            and not any(vars(part)[hooks] for hooks in _HOOKS)
            and all(_is_known(child, known) for child in children)
        )
    return found


_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
