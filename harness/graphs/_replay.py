"""Parts that are run again and again: what one did once is written down for its further inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from torch import nn

from harness.graphs._known import Call
from harness.graphs._node import Node, Nodes, Operation

OWN = "harness.networks."
LAYERS = ("torch.nn.modules.", OWN)
"""Their layers do the same whenever they are handed a tensor of one shape, or cannot be traced."""


@dataclass
class Recording:
    """What a part did to one input. Its nodes have places: the input's is 0, the others' follow.

    Attributes
    ----------
    input
        The node it was handed.
    places
        The place of each node that takes part, operands first.
    steps
        What made the nodes from place 1 on: an operation, and the places of its inputs.
    relus, blocks
        Those of a graph, of the part alone, by place.
    output, shape
        The place of the node that it returned, and the shape of its tensor; None where it cannot be replayed.
    updated
        ``id`` of the running statistics that it updates.
    shared
        ``id`` of tensors that lie in one another's memory.
    shares
        Whether the tensors that it is handed and returns are among these.
    of_pixels
        Whether it convolved to maps of one pixel.
    whole
        Whether this is all there is to say of it: not where tensors are overwritten.
    """

    input: Node
    places: dict[Node, int] = field(init=False)
    steps: list[tuple[Operation, tuple[int, ...]]] = field(default_factory=list)
    relus: Counter[int] = field(default_factory=Counter)
    blocks: Counter[int] = field(default_factory=Counter)
    output: int | None = None
    shape: tuple[int, ...] = ()
    updated: set[int] = field(default_factory=set)
    shared: set[int] = field(default_factory=set)
    shares: tuple[bool, bool] = (False, False)
    of_pixels: bool = False
    whole: bool = True

    def __post_init__(self) -> None:
        self.places = {self.input: 0}

    def add(self, call: Call, node: Node) -> None:
        """Note a call and the node that it made."""
        self._made(node)
        if call.relu:
            self.relus[self.places[node]] += 1
        if call.block:
            self.blocks[self.places[node]] += 1
        self.of_pixels |= call.of_pixels
        self.whole = self.whole and not call.overwrites

    def include(self, other: Recording, made: Sequence[Node]) -> None:
        """Note all that another part did, which this one ran, with the nodes that it ``made``."""
        for node in made:
            self._made(node)
        for counter, counted in ((self.relus, other.relus), (self.blocks, other.blocks)):
            for place, calls in counted.items():
                counter[self.places[made[place]]] += calls
        self.updated |= other.updated
        self.of_pixels |= other.of_pixels
        self.whole = self.whole and other.whole

    def returned(self, output: Node | None, shape: tuple[int, ...], shares: tuple[bool, bool]) -> None:
        """Note what the part returned, and so that there is nothing more to note."""
        if self.whole and output is not None:
            self.output, self.shape, self.shares = self.places[output], shape, shares

    def replay(self, node: Node, nodes: Nodes) -> list[Node]:
        """The nodes that the part makes of ``node``, by place."""
        made = [node]
        for operation, places in self.steps:
            made.append(nodes.of(operation, tuple([made[place] for place in places])))
        return made

    def _made(self, node: Node) -> None:
        if node not in self.places:
            self.steps.append((node.operation, tuple([self.places[each] for each in node.inputs])))
            self.places[node] = len(self.places)


def split(module: nn.Module, nodes: Nodes) -> tuple[list[nn.Module], dict[nn.Module, Hashable]]:
    """The parts of ``module`` that are run in every trace, and parts that are run once, with names.

    The latter are of known layers, and stand in this package's networks, which call them as a whole; anyone
    else may call their layers one by one: sequences, and what says by ``alike`` when two of its kind do the
    same. Such two have one name. They have no hooks and keep nothing in Python; what they hold is in neither
    collection.
    """
    run: dict[nn.Module, None] = {}
    repeated: dict[nn.Module, Hashable] = {}
    waiting = [(module, False)]
    while waiting:
        part, called = waiting.pop()
        name = _name(part, nodes.known) if called else None
        if name is not None:
            repeated[part] = name
        elif part not in run:
            run[part] = None
            within = type(part).__module__.startswith(OWN) or (called and type(part) in _CONTAINERS)
            waiting += ((child, within) for child in part._modules.values() if child is not None)
    return list(run), repeated


_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def _name(part: nn.Module, known: dict[nn.Module, bool]) -> Hashable:
    """What a part that is run once has in common with those that do the same; None for any other part."""
    if isinstance(part, nn.Sequential):
        return part if _is_known(part, known) else None
    kind = type(part)
    if not (kind.__module__.startswith(OWN) and hasattr(kind, "alike") and _is_bare(part)):
        return None
    lists = [each for each in part._modules.values() if each is not None]
    inner = [child for each in lists for child in each._modules.values() if child is not None]
    bare = all(map(_is_bare, lists)) and all(_is_known(child, known) for child in inner)
    return (kind, part.alike) if bare else None


def _is_known(part: nn.Module, known: dict[nn.Module, bool]) -> bool:
    found = known.get(part)
    if found is None:
        children = [child for child in part._modules.values() if child is not None]
        own = type(part).__module__.startswith(OWN)
        found = known[part] = (
            (not children or own or isinstance(part, nn.Sequential))
            and type(part).__module__.startswith(LAYERS)
            and _is_bare(part)
            and all(_is_known(child, known) for child in children)
        )
    return found


def _is_bare(part: nn.Module) -> bool:
    """Whether neither hooks nor another ``forward`` are hung on the part."""
    held = vars(part)
    return "forward" not in held and not any([held[hooks] for hooks in _HOOKS])


_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
