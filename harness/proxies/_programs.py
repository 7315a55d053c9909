"""Networks that are measured on batch after batch and stay as they are: each is written down once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from harness import graphs
from harness.graphs import Counted, Program
from harness.networks import Supernet, Switched
from harness.spaces import Mask

DEVICES = ("cuda",)
"""Where supernets have programs: elsewhere it is faster to run what a mask leaves."""
RELU_LAYERS = (nn.ReLU, nn.ReLU6, nn.Hardtanh)

Run = Callable[[Tensor], Counted]
Change = Callable[[graphs.Graph], graphs.Graph]


class Write(Protocol):
    """Writes a module down as the graph to run for it; ``change`` is made to what is traced.

    Raises
    ------
    Untraceable
        For a module that cannot be traced.
    """

    def __call__(
        self,
        module: nn.Module,
        nodes: graphs.Nodes,
        watch: graphs.Watch | None = None,
        change: Change | None = None,
    ) -> graphs.Graph: ...


class Programs(ABC):
    """Programs of networks that their holder leaves as they are."""

    @abstractmethod
    def of(
        self, modules: Sequence[nn.Module], batch: Tensor, images: Tensor, write: Write, kind: Hashable
    ) -> list[Run | None] | None:
        """For each module what runs it, None where it cannot be written down; None for no programs at all.

        Parameters
        ----------
        modules
            Networks.
        batch, images
            The images in the networks' number format, and in that which they are computed in.
        write, kind
            How a network is written down, and what that hangs on beside network and images.
        """


class NetworkPrograms(Programs):
    """One program for each network, format and path."""

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[nn.Module, dict[Hashable, Program | None]] = WeakKeyDictionary()

    def of(
        self, modules: Sequence[nn.Module], batch: Tensor, images: Tensor, write: Write, kind: Hashable
    ) -> list[Run | None] | None:
        """As of :class:`Programs`, which there always are."""
        kind = (kind, batch.dtype, *_form(images))
        programs = [self._program(module, batch, write, kind) for module in modules]
        return [None if program is None else program.run for program in programs]

    def _program(self, module: nn.Module, batch: Tensor, write: Write, kind: Hashable) -> Program | None:
        made = self._made.setdefault(module, {})
        if kind not in made:
            made[kind] = _program(module, batch, write)
        return made[kind]


class SupernetPrograms(Programs):
    """Programs of one supernet whatever its mask: on :data:`DEVICES`, where one record serves all masks.

    Every candidate is run, and those that a mask removes are multiplied by 0: to write down and launch what a
    mask leaves takes a GPU's host longer than the GPU takes for all.

    Parameters
    ----------
    supernet
        Whose masks are asked for; its weights stay where they are.

    Attributes
    ----------
    space
        The supernet's.
    """

    def __init__(self, supernet: Supernet) -> None:
        self.space = supernet.space
        self._supernet = supernet
        self._masks: WeakKeyDictionary[nn.Module, Mask] = WeakKeyDictionary()
        self._switched: dict[Hashable, _SwitchedProgram | None] = {}

    def view(self, mask: Mask) -> nn.Module:
        """The network to measure for ``mask``, removed candidates dropped."""
        view = self._supernet.masked(mask)
        self._masks[view] = mask
        return view

    def of(
        self, modules: Sequence[nn.Module], batch: Tensor, images: Tensor, write: Write, kind: Hashable
    ) -> list[Run | None] | None:
        """As of :class:`Programs`, of what :meth:`view` has made; None for other modules."""
        known = all(module in self._masks for module in modules)
        if not known or images.device.type not in DEVICES:
            return None
        kind = (kind, batch.dtype, *_form(images))
        if kind not in self._switched:
            self._switched[kind] = _switched_program(self._supernet, batch, write)
        program = self._switched[kind]
        return None if program is None else [*program.under([self._masks[each] for each in modules], modules)]


class _Callers(graphs.Watch):
    """Which parts call the ReLUs that make each node."""

    def __init__(self) -> None:
        self.of: dict[graphs.Node, list[nn.Module]] = {}

    def after(self, part: nn.Module, output: object, node_of: graphs.NodeOf) -> None:
        """Called when a part has been run."""
        node = node_of(output)
        if node is not None and isinstance(part, RELU_LAYERS):
            self.of.setdefault(node, []).append(part)


class _SwitchedProgram:
    """The program of a switched supernet, and what it is told under a mask.

    Parameters
    ----------
    switched, traced
        The supernet, and the graph of its view.
    graph
        What is run in the place of that.
    callers
        For each ReLU of ``graph`` the parts that call it.
    """

    def __init__(
        self,
        switched: Switched,
        traced: graphs.Graph,
        graph: graphs.Graph,
        callers: Sequence[Sequence[nn.Module]],
    ) -> None:
        self._switched, self._callers = switched, callers
        self._calls = torch.zeros(len(callers), dtype=torch.int64, device=switched.values.device)
        self._program = Program(replace(graph, told=self._calls), self._calls.device)
        places = {id(switch): place for place, switch in enumerate(switched.switches)}
        order = graphs.needed([traced])
        numbers = {node: number for number, node in enumerate(order)}
        self._leads = [
            ([numbers[each] for each in node.inputs], node.operation.severs, places.get(_factor(node)))
            for node in order[1:]
        ]
        self._output = numbers[traced.output]

    def under(self, masks: Sequence[Mask], views: Sequence[nn.Module]) -> list[Run]:
        """What runs the supernet under each of ``masks``, whose networks are the ``views``.

        What the record is told of all masks is copied to its device here, at once: a copy from the host would
        wait there for what is played before.
        """
        told = [self._switched.told(mask) for mask in masks]
        values = torch.tensor(told, dtype=self._switched.values.dtype).to(self._calls.device)
        calls = torch.tensor([self._called(view) for view in views]).to(self._calls.device)
        return [partial(self._run, *each) for each in zip(told, values, calls, strict=True)]

    def _called(self, view: nn.Module) -> list[int]:
        """How often each ReLU is called in a network."""
        running = set(view.modules())
        return [sum(part in running for part in parts) for parts in self._callers]

    def _run(self, told: Sequence[float], values: Tensor, calls: Tensor, images: Tensor) -> Counted:
        self._switched.values.copy_(values)
        self._calls.copy_(calls)
        return replace(self._program.run(images), connected=self._connected(told))

    def _connected(self, told: Sequence[float]) -> bool:
        """Whether operations that do not multiply by 0 lead from the images to the logits."""
        reached = [True]
        for inputs, severs, place in self._leads:
            cut = severs or (place is not None and told[place] == 0)
            reached.append(not cut and any([reached[each] for each in inputs]))
        return reached[self._output]


def _program(module: nn.Module, batch: Tensor, write: Write) -> Program | None:
    try:
        return Program(write(module, graphs.Nodes(batch)), batch.device)
    except graphs.Untraceable:
        return None


def _switched_program(supernet: Supernet, batch: Tensor, write: Write) -> _SwitchedProgram | None:
    """None of a supernet that cannot be written down, or has ReLUs that are no layers."""
    switched, callers = supernet.switched(), _Callers()
    traced: list[graphs.Graph] = []

    def labelled(graph: graphs.Graph) -> graphs.Graph:
        """Each ReLU with a bit of its own, so that what stands for several has all of theirs."""
        traced.append(graph)
        return replace(graph, relus=Counter({node: 1 << bit for bit, node in enumerate(graph.relus)}))

    try:
        graph = write(switched.view, graphs.Nodes(batch), callers, labelled)
    except graphs.Untraceable:
        return None
    (whole,) = traced
    if {node: len(callers.of.get(node, [])) for node in whole.relus} != dict(whole.relus):
        return None
    parts = [callers.of[node] for node in whole.relus]
    standing = [
        [part for bit, each in enumerate(parts) if bits >> bit & 1 for part in each]
        for bits in graph.relus.values()
    ]
    return _SwitchedProgram(switched, whole, graph, standing)


def _factor(node: graphs.Node) -> int:
    """The identity of what the node's input is multiplied by, where that is a switch."""
    return id(node.operands[1]) if node.function is graphs.scale else 0


def _form(images: Tensor) -> tuple[Hashable, ...]:
    return images.shape, images.stride(), images.dtype, images.device
