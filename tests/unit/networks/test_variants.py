"""Binary weights and sampled channels, written down once more; where a family has neither."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from harness import networks, spaces
from harness.errors import ConfigError, UnknownNameError
from harness.networks._binary import XnorConv2d, binarised
from harness.networks._partial import PartialChannels
from harness.spaces import only

NB201, DARTS = spaces.load("nb201"), spaces.load("darts")
CELL = "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|"


def images(channels: int = 3, side: int = 8) -> torch.Tensor:
    return torch.randn(2, channels, side, side, generator=torch.Generator().manual_seed(0))


def test_binary_weights_and_their_gradient_by_hand():
    weight = torch.tensor([[0.5, -2.0], [0.0, 1.0]], requires_grad=True)
    found = binarised(weight)
    scale = 3.5 / 4
    assert found.tolist() == [[scale, -scale], [0.0, scale]]
    slopes = torch.tensor([[1.0, 2.0], [3.0, -4.0]])
    (gradient,) = torch.autograd.grad(found, weight, slopes)
    by_hand = [[1 / 4 + scale, 2 / 4], [3 * (1 / 4 + scale), -4 * (1 / 4 + scale)]]
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-6)


@pytest.mark.parametrize(("space", "arch"), [(NB201, CELL), (DARTS, None)], ids=["nb201", "darts"])
def test_a_binary_network_is_the_real_one_with_other_weights(space, arch):
    arch = space.sample(np.random.default_rng(0)) if arch is None else space.parse(arch)
    real, binary = (
        networks.build(space, arch, "tiny", convolutions=name).eval() for name in networks.CONVOLUTIONS
    )
    assert real.state_dict().keys() == binary.state_dict().keys()
    for name, value in real.state_dict().items():
        torch.testing.assert_close(binary.state_dict()[name], value, rtol=0, atol=0)
    assert networks.count_flops(binary, 16) == networks.count_flops(real, 16)
    for name, layer in binary.named_modules():
        if isinstance(layer, XnorConv2d):
            with torch.no_grad():
                own = real.get_submodule(name).weight
                own.copy_(own.abs().mean() * own.sign())
    torch.testing.assert_close(binary(images(side=16)), real(images(side=16)))


def real_ones(module: nn.Module) -> set[str]:
    layers = dict(module.named_modules())
    return {name for name, each in layers.items() if type(each) is networks.Conv2d}


def test_what_stays_real():
    cell = networks.build(NB201, NB201.parse(CELL), "tiny", convolutions="xnor")
    supernet = networks.build_supernet(NB201, "tiny", convolutions="xnor")
    between = {f"body.{place}.{part}" for place in (1, 3)
               for part in ("residual.0.1", "residual.1.1", "shortcut.1")}  # fmt: skip
    assert real_ones(cell) == real_ones(supernet) == {"stem.0", *between}
    cells = networks.build_supernet(DARTS, "tiny", convolutions="xnor")
    # of the three cells all but the first two read what was halved before
    assert real_ones(cells) == {"stem.first.0", "body.2.projections.0.first", "body.2.projections.0.second"}
    derived = networks.build(DARTS, DARTS.sample(np.random.default_rng(0)), "tiny", convolutions="xnor")
    assert real_ones(derived) == {"stem.first.0", "body.2.before.first", "body.2.before.second"}


def test_real_weights_learn_behind_binary_ones():
    supernet = networks.build_supernet(NB201, "tiny", convolutions="xnor")
    before = {name: weight.detach().clone() for name, weight in supernet.named_parameters()}
    optimiser = torch.optim.SGD(supernet.parameters(), 0.1)
    targets, losses = torch.tensor([0, 1]), []
    for _ in range(5):
        loss = F.cross_entropy(supernet(images(side=16)), targets)
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[-1] < losses[0]
    assert all((weight != before[name]).any() for name, weight in supernet.named_parameters())


def by_hand(inputs: torch.Tensor, operation: nn.Module, sampling: int, halved: bool) -> torch.Tensor:
    """Channel ``k + sampling i`` of the output is channel i of part k."""
    width = inputs.shape[1] // sampling
    passed = inputs[:, width:]
    parts = [operation(inputs[:, :width])]
    for start in range(0, passed.shape[1], width):
        part = passed[:, start : start + width]
        parts.append(F.max_pool2d(F.pad(part, (0, 1, 0, 1), value=-1e9), 2) if halved else part)
    side = parts[0].shape[-1]
    found = torch.empty(len(inputs), inputs.shape[1], side, side)
    for number, part in enumerate(parts):
        found[:, number::sampling] = part[..., :side, :side]
    return found


@pytest.mark.parametrize(("stride", "side"), [(1, 8), (2, 8), (2, 7)])
@pytest.mark.parametrize("sampling", [2, 4])
def test_sampled_channels_by_hand(sampling, stride, side):
    operation = nn.AvgPool2d(3, stride, padding=1)
    inputs = images(8, side)
    found = PartialChannels(operation, sampling, stride)(inputs)
    torch.testing.assert_close(found, by_hand(inputs, operation, sampling, stride == 2), rtol=0, atol=0)


def test_a_decided_edge_passes_channels_by_and_none_alone_is_no_edge():
    supernet = networks.build_supernet(NB201, "tiny", sampling=2)
    mask, none = NB201.full_mask, NB201.decisions[0].candidates.index("none")
    for decision in range(len(mask)):
        mask = only(mask, decision, (none,))
    cell = supernet.masked(mask).body[0]
    assert not cell.edges
    skip = NB201.decisions[3].candidates.index("skip_connect")
    cell = supernet.masked(only(mask, 3, (skip,))).body[0]
    maps = images(4)
    torch.testing.assert_close(cell(maps), maps[:, [0, 2, 1, 3]], rtol=0, atol=0)


@pytest.mark.parametrize("space", [NB201, DARTS], ids=["nb201", "darts"])
def test_operations_of_a_fourth_of_the_channels_learn_their_parameters(space):
    whole, part = (networks.build_supernet(space, "tiny", sampling=sampling) for sampling in (1, 4))
    assert networks.count_parameters(part) < networks.count_parameters(whole) / 3
    alphas = [torch.zeros(len(each.candidates), requires_grad=True) for each in space.decisions]
    logits = part(images(side=16), weights=[alpha.softmax(0) for alpha in alphas])
    assert logits.shape == (2, 10)
    logits[:, 0].sum().backward()
    operations = [each for each, decision in zip(alphas, space.decisions, strict=True)
                  if decision.kind == "operation"]  # fmt: skip
    assert all(each.grad.abs().sum() > 0 for each in operations)


def test_what_there_is_no_form_of():
    macro, wide = spaces.load("nbmacro"), spaces.load("transnas_micro")
    with pytest.raises(ConfigError, match=r"nbmacro do not say .* convolutions=xnor: leave real"):
        networks.build_supernet(macro, "tiny", convolutions="xnor")
    with pytest.raises(UnknownNameError, match="Unknown convolutions 'ternary'"):
        networks.build(NB201, NB201.parse(CELL), "tiny", convolutions="ternary")
    with pytest.raises(ConfigError, match=r"transnas_micro read all channels; received channel_sampling=2"):
        networks.build_supernet(wide, "tiny", sampling=2)
    with pytest.raises(ConfigError, match=r"must divide the 4 channels .* of nb201 .* received 3"):
        networks.build_supernet(NB201, "tiny", sampling=3)
