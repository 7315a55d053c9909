"""Parts that are run again and again: what one did once is written down for its further inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

from harness.graphs._known import Call
from harness.graphs._node import Node, Nodes, Operation

OWN = "harness.networks."
LAYERS = ("torch.nn.modules.", OWN)
"""Their layers do the same whenever they are handed a tensor of one shape, or cannot be traced."""
MOST_RECORDINGS = 32
"""Kept of a part; a new one then takes the place of the oldest."""


@dataclass(frozen=True)
class Recording:
    """What a part did to one input. Its nodes have places: the input's is 0, the others' follow.

    Attributes
    ----------
    steps
        What made the nodes from place 1 on: an operation, and the places of its inputs.
    relus, blocks
        Those of a graph, of the part alone, by place.
    updated
        ``id`` of the running statistics that it updates.
    of_pixels
        Whether it convolved to maps of one pixel.
    output, shape
        The place of the node that it returned, and the shape of its tensor; None where it cannot be replayed.
    shares
        Whether the tensors that it is handed and returns lie in the memory of others.
    """

    steps: Sequence[tuple[Operation, tuple[int, ...]]]
    relus: Mapping[int, int]
    blocks: Mapping[int, int]
    updated: frozenset[int]
    of_pixels: bool
    output: int | None
    shape: tuple[int, ...]
    shares: tuple[bool, bool]

    def replay(self, node: Node, nodes: Nodes) -> list[Node]:
        """The nodes that the part makes of ``node``, by place."""
        made = [node]
        for operation, places in self.steps:
            made.append(nodes.of(operation, tuple([made[place] for place in places])))
        return made


@dataclass
class Recorder:
    """Notes what a part does to ``input``, for a :class:`Recording`, whose attributes these are.

    Attributes
    ----------
    places
        The place of each node that takes part, operands first.
    shared
        ``id`` of tensors that lie in one another's memory.
    whole
        Whether this is all there is to say of it: not where tensors are overwritten.
    """

    input: Node
    places: dict[Node, int] = field(init=False)
    steps: list[tuple[Operation, tuple[int, ...]]] = field(default_factory=list)
    relus: Counter[int] = field(default_factory=Counter)
    blocks: Counter[int] = field(default_factory=Counter)
    updated: set[int] = field(default_factory=set)
    shared: set[int] = field(default_factory=set)
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

    def include(self, other: Recording, made: Iterable[Node]) -> None:
        """Note all that another part did, which this one ran, with the nodes that it ``made``."""
        places = [self._made(node) for node in made]
        for counter, counted in ((self.relus, other.relus), (self.blocks, other.blocks)):
            for place, calls in counted.items():
                counter[places[place]] += calls
        self.updated |= other.updated
        self.of_pixels |= other.of_pixels
        self.whole = self.whole and other.output is not None

    def returned(self, output: Node | None, shape: tuple[int, ...], shares: tuple[bool, bool]) -> Recording:
        """All of it, now that the part has returned ``output``, None where that is no node."""
        place = self.places[output] if self.whole and output is not None else None
        updated = frozenset(self.updated)
        return Recording(self.steps, self.relus, self.blocks, updated, self.of_pixels, place, shape, shares)

    def _made(self, node: Node) -> int:
        """The place of a node."""
        if node not in self.places:
            self.steps.append((node.operation, tuple([self.places[each] for each in node.inputs])))
            self.places[node] = len(self.places)
        return self.places[node]


class State:
    """A part of known layers as it is: another one as soon as anything of it has changed.

    Attributes
    ----------
    look
        All that decides what the part does, with ``id`` in the place of tensors.
    tensors
        Its parameters and buffers: as long as they are held, nothing else has their ``id``.
    recorded
        What the part did, by what else that hangs on.
    """

    def __init__(self, look: list[Any], tensors: list[Any]) -> None:
        self.look, self.tensors = look, tensors
        self.recorded: dict[Hashable, Recording] = {}

    def keep(self, key: Hashable, recording: Recording) -> None:
        """Have it for later; of many the oldest goes."""
        for oldest in list(islice(self.recorded, max(0, len(self.recorded) - MOST_RECORDINGS + 1))):
            del self.recorded[oldest]
        self.recorded[key] = recording


Name = tuple[State, tuple[Hashable, ...]]
"""What parts that do the same have in common: the state of one, and what else there is to say."""
_STATES: WeakKeyDictionary[nn.Module, State] = WeakKeyDictionary()
"""Of the parts there are, as they were when they were last looked at."""


Split = tuple[list[nn.Module], dict[nn.Module, Name]]


def split(module: nn.Module, nodes: Nodes) -> Split:
    """The parts of ``module`` that are run in every trace, and parts that are run once, with their names.

    The latter are of known layers, and stand in this package's networks, which call them as a whole; anyone
    else may call their layers one by one: sequences, and what says by ``alike`` when two of its kind do the
    same. They have no hooks and keep nothing in Python; what they hold is in neither collection.
    """
    found = nodes.splits.get(module)
    if found is None:
        found = nodes.splits[module] = _split(module, nodes)
    return found


def _split(module: nn.Module, nodes: Nodes) -> Split:
    run: dict[nn.Module, None] = {}
    repeated: dict[nn.Module, Name] = {}
    waiting = [(module, False)]
    while waiting:
        part, called = waiting.pop()
        name = _name(part, nodes) if called else None
        if name is not None:
            repeated[part] = name
        elif part not in run:
            run[part] = None
            within = type(part).__module__.startswith(OWN) or (called and type(part) in _CONTAINERS)
            waiting += ((child, within) for child in part._modules.values() if child is not None)
    return list(run), repeated


_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def _name(part: nn.Module, nodes: Nodes) -> Name | None:
    """The name of a part that is run once, None for any other part."""
    if isinstance(part, nn.Sequential):
        state = _state(part, nodes)
        return None if state is None else (state, ())
    kind = type(part)
    alike = getattr(kind, "alike", None)
    if alike is None or not (kind.__module__.startswith(OWN) and _is_bare(part)):
        return None
    if not all(_is_bare(each) for each in part._modules.values() if each is not None):
        return None
    what, branches = alike(part)
    states = [state for branch in branches if (state := _state(branch, nodes)) is not None]
    if len(states) < len(branches):
        return None
    return states[0], (kind.__qualname__, kind.forward, what, *states[1:])


def _state(part: nn.Module, nodes: Nodes) -> State | None:
    """The state of a part of known layers, None of any other."""
    if part not in nodes.states:
        tensors: list[Any] = []
        look = _look(part, tensors)
        found = _STATES.get(part)
        if look is None:
            found = None
        elif found is None or found.look != look:
            found = _STATES[part] = State(look, tensors)
        nodes.states[part] = found
    return nodes.states[part]


def _look(part: nn.Module, tensors: list[Any]) -> list[Any] | None:
    """:attr:`State.look` of a part of known layers, whose tensors are appended; None of any other."""
    kind, held = type(part), vars(part)
    children = {name: child for name, child in part._modules.items() if child is not None}
    whole = not children or isinstance(part, nn.Sequential) or kind.__module__.startswith(OWN)
    if not (whole and kind.__module__.startswith(LAYERS) and _is_bare(part)):
        return None
    own = [each for held in (part._parameters, part._buffers) for each in held.values()]
    tensors += own
    look: list[Any] = [
        kind,
        kind.forward,
        {name: _fixed(value) for name, value in held.items() if name not in _EVERY_MODULE},
        [None if each is None else (id(each), each.shape, each.dtype) for each in own],
        list(children),
    ]
    for child in children.values():
        inner = _look(child, tensors)
        if inner is None:
            return None
        look.append(inner)
    return look


_EVERY_MODULE = frozenset(vars(nn.Module()))
_PLAIN = (bool, int, float, str, type(None))


def _fixed(value: Any) -> Any:
    """``value`` as it is now; what is like nothing else in the place of objects that may change."""
    if type(value) in (tuple, list):
        return tuple(map(_fixed, value))
    return value if type(value) in _PLAIN else object()


def _is_bare(part: nn.Module) -> bool:
    """Whether neither hooks nor another ``forward`` are hung on the part."""
    held = vars(part)
    return "forward" not in held and not any([held[hooks] for hooks in _HOOKS])


_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
