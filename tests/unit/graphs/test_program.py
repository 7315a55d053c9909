"""A program gives what running its graph operation by operation does, recorded or not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch import nn

from harness import graphs
from harness.graphs import Program, relu_kernels

CPU = torch.device("cpu")


@pytest.fixture
def network():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2)
    return nn.Sequential(*layers)


@pytest.fixture
def batches():
    return torch.randn(5, 6, 3, 8, 8, generator=torch.Generator().manual_seed(1)).unbind()


def graph_of(network, images):
    return graphs.trace(network, graphs.Nodes(images))


class Tape:
    """Records as a GPU does: what is played writes into the memory of the first run."""

    def __init__(self, wrong: float = 0.0, error: Exception | None = None) -> None:
        self.recorded = self.played = 0
        self.wrong, self.error = wrong, error

    def __call__(self, work):
        if self.error:
            raise self.error
        self.recorded += 1
        found = work()

        def play():
            self.played += 1
            again = work()
            for name in ("kernel", "logits"):
                getattr(found, name).copy_(getattr(again, name))
            if isinstance(found.units, torch.Tensor):
                found.units.copy_(again.units)
            found.logits.add_(self.wrong)

        return found, play


def same(found, expected):
    return (
        torch.equal(found.kernel, expected.kernel)
        and torch.equal(found.logits, expected.logits)
        and int(found.units) == int(expected.units)
    )


def test_played_batches_have_the_numbers_of_running_the_graph(network, batches):
    tape, graph = Tape(), graph_of(network, batches[0])
    program = Program(graph, CPU, tape)
    found = [program.run(images) for images in batches]
    expected = [relu_kernels([graph], images)[0] for images in batches]
    assert all(map(same, found, expected))  # also the first ones, when later ones have been played
    assert (tape.recorded, tape.played) == (1, 4)


def test_what_is_played_reads_weights_and_calls_as_they_are_then(network, batches):
    graph = graph_of(network, batches[0])
    told = torch.ones(2, dtype=torch.int64)
    program = Program(replace(graph, told=told), CPU, Tape())
    for images in batches[:3]:
        program.run(images)
    told.copy_(torch.tensor([0, 3]))
    with torch.no_grad():
        network[0].weight.mul_(-1)
    found = program.run(batches[3])
    assert same(found, relu_kernels([replace(graph, told=told)], batches[3])[0])
    (_, second) = graph.relus
    (counted,) = relu_kernels([replace(graph, relus=Counter({second: 3}))], batches[3])
    assert same(found, counted)


@pytest.mark.parametrize("tape", [Tape(wrong=1.0), Tape(error=RuntimeError("cannot be recorded"))])
def test_a_record_that_gives_something_else_or_fails_is_not_played(network, batches, tape):
    graph = graph_of(network, batches[0])
    program = Program(graph, CPU, tape)
    for images in batches:
        assert same(program.run(images), relu_kernels([graph], images)[0])
    assert tape.played <= 1


def test_a_cpu_records_nothing(network, batches):
    graph = graph_of(network, batches[0])
    program = Program(graph, CPU)
    for images in batches[:3]:
        assert same(program.run(images), relu_kernels([graph], images)[0])
    assert program._recorded is None
