"""NAS-Bench-1Shot1's networks: the outputs of nasbench_pytorch's and the table's parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nasbench_pytorch.model.model import Network
from nasbench_pytorch.model.model_spec import ModelSpec
from torch import nn

from harness import benchmarks, networks, spaces
from harness.errors import ConfigError
from harness.families.nb1shot1 import FIDELITIES
from harness.networks import nb1shot1

NAMES = ("nb1shot1_1", "nb1shot1_2", "nb1shot1_3")


def sample_encodings(space: spaces.Space, count: int) -> list[spaces.Architecture]:
    """Random encodings, loose ends included."""
    rng = np.random.default_rng(0)
    options = [decision.options for decision in space.decisions]
    return [tuple(option[int(rng.integers(len(option)))] for option in options) for _ in range(count)]


def reference(space: spaces.Space, arch: spaces.Architecture, channels: int, cells: int) -> Network:
    cell = space.cell(arch)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Network(
            ModelSpec(np.array(cell.matrix), cell.labels), 10, 3, channels, num_modules_per_stack=cells
        )


def copy_weights(source: Network, target: nn.Module) -> int:
    """Copy every convolution, normalisation and linear layer; how many there were."""
    pairs = [(source.layers[0].conv_bn_relu, target.stem), (source.classifier, target.head[-1])]
    for theirs, ours in zip(list(source.layers)[1:], target.body, strict=True):
        if isinstance(ours, nn.MaxPool2d):
            continue
        pairs += [(theirs.input_op[int(v)].conv_bn_relu, ours.projections[v]) for v in ours.projections]
        for v, operation in ours.operations.items():
            (inner,) = theirs.vertex_op[int(v)].children()
            if not isinstance(operation, nn.MaxPool2d):
                pairs.append((inner.conv_bn_relu, operation))
    for theirs, ours in pairs:
        ours.load_state_dict(theirs.state_dict())
    return len(pairs)


def cuts_channels(cell: nn.Module) -> bool:
    """Whether some inner vertex takes fewer channels than a parent has."""
    widths = cell.channels
    inner = range(1, len(widths) - 1)
    return any(widths[parent] > widths[v] for v in inner for parent in cell.graph.parents[v] if parent)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("channels", "cells"), [(15, 1), (8, 3)])
def test_outputs_equal_those_of_nasbench_pytorch(name, channels, cells):
    """Widths that do not divide evenly are among them, so that channels are cut off."""
    space = spaces.load(name)
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    cuts = 0
    for arch in sample_encodings(space, 12):
        theirs = reference(space, arch, channels, cells)
        ours = nb1shot1.network(space, arch, nb1shot1.Size(channels, 4, cells), 10)
        copied = copy_weights(theirs, ours)
        assert copied == sum(isinstance(layer, nn.Conv2d) for layer in ours.modules()) + 1
        cuts += any(cuts_channels(part) for part in ours.body if hasattr(part, "graph"))
        for training in (False, True):
            expected = theirs.train(training)(images)
            torch.testing.assert_close(ours.train(training)(images), expected, rtol=1e-4, atol=1e-5)
    assert cuts or channels == 8


def test_the_benchmarks_own_size_equals_nasbench_pytorch():
    space = spaces.load("nb1shot1_2")
    arch = sample_encodings(space, 1)[0]
    theirs, ours = reference(space, arch, 128, 3).eval(), networks.build(space, arch).eval()
    copy_weights(theirs, ours)
    images = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images), rtol=1e-4, atol=1e-5)


def test_there_are_no_parameters_without_a_layer():
    space = spaces.load("nb1shot1_1")
    module = networks.build(space, space.listing()[0], "tiny")
    kinds = {type(module.get_submodule(name.rpartition(".")[0])) for name, _ in module.named_parameters()}
    assert all(issubclass(kind, nn.Conv2d | nn.BatchNorm2d | nn.Linear) for kind in kinds)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_of_all_listed_cells_are_the_tables(name):
    space = spaces.load(name)
    listed = benchmarks.load(name).params(space.listing())
    ours = [networks.parameter_count(space, arch) for arch in space.listing()]
    assert (listed == ours).all()


@pytest.mark.parametrize("name", ["nb1shot1_1", "nb1shot1_3"])
def test_parameters_of_cells_with_loose_ends_are_the_tables(name):
    space = spaces.load(name)
    encodings = sample_encodings(space, 2000)
    listed = benchmarks.load(name).params(encodings)
    assert (listed == [networks.parameter_count(space, arch) for arch in encodings]).all()


def test_isomorphic_cells_of_space_2_differ_where_three_blocks_share_the_output():
    """The table lists the count of the one cell of a class that was trained."""
    space = spaces.load("nb1shot1_2")
    encodings = sample_encodings(space, 2000)
    listed = benchmarks.load("nb1shot1_2").params(encodings)
    error = np.array([networks.parameter_count(space, arch) for arch in encodings]) / listed - 1
    uneven = np.array([len([v for v in space.cell(arch).parents[-1] if v]) == 3 for arch in encodings])
    assert not error[~uneven].any()
    assert 0 < np.abs(error[uneven]).max() < 0.01


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fidelity", ["benchmark", "small", "tiny"])
def test_parameter_formula_equals_the_modules(name, fidelity):
    space = spaces.load(name)
    for arch in sample_encodings(space, 6):
        with torch.device("meta"):
            module = nb1shot1.network(space, arch, FIDELITIES[fidelity], 100)
        assert networks.parameter_count(space, arch, fidelity, 100) == networks.count_parameters(module)


def test_running_statistics_move_as_slowly_as_tensorflows():
    space = spaces.load("nb1shot1_1")
    module = networks.build(space, space.listing()[0], "tiny")
    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert {layer.momentum for layer in norms} == {0.003}
    assert {layer.eps for layer in norms} == {1e-5}


def test_the_table_lists_no_flops():
    space = spaces.load("nb1shot1_1")
    with pytest.raises(ConfigError, match="nb1shot1_1 lists no FLOPs"):
        networks.table_flops(space, space.listing()[0])
