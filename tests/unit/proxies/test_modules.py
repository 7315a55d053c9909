"""A module is run on other tensors as by torch's functional_call, and left as it was."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from harness.networks import named_buffers_of, named_parameters_of
from harness.proxies._modules import parameters_of, run


class Shared(nn.Module):
    """Two layers with one weight, and two normalisations with the same running means."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(3, 3, 3, padding=1, bias=bias) for bias in (True, False))
        self.norms = nn.ModuleList([nn.BatchNorm2d(3), nn.BatchNorm2d(3, affine=False)])
        self.second.weight = self.first.weight
        self.norms[1].register_buffer("running_mean", self.norms[0].running_mean)

    def forward(self, images: Tensor) -> Tensor:
        for layer, norm in zip((self.first, self.second), self.norms, strict=True):
            images = norm(layer(images)).relu()
        return images.mean((2, 3))


def held(module: nn.Module) -> list[tuple[int, Tensor]]:
    own = [
        each
        for part in module.modules()
        for held in (part._parameters, part._buffers)
        for each in held.values()
        if each is not None
    ]
    return [(id(each), each.detach().clone()) for each in own]


@pytest.mark.parametrize("training", [True, False])
def test_a_module_is_run_as_by_functional_call(training: bool) -> None:
    torch.manual_seed(0)
    module, images = Shared(), torch.randn(4, 3, 5, 5)
    parameters = {name: nn.Parameter(2 * each) for name, each in parameters_of(module).items()}
    buffers = {name: each.clone() for name, each in module.named_buffers()}
    expected = functional_call(module.train(training), {**parameters, **buffers}, (images,))
    module.eval()
    before = held(module)
    found = run(module, parameters, images, training)
    assert torch.equal(found, expected)
    for gradient, other in zip(
        *(
            torch.autograd.grad(logits.square().sum(), list(parameters.values()))
            for logits in (found, expected)
        ),
        strict=True,
    ):
        assert torch.equal(gradient, other)
    assert all(
        one[0] == two[0] and torch.equal(one[1], two[1])
        for one, two in zip(before, held(module), strict=True)
    )
    assert not module.training


def test_a_module_whose_pass_fails_holds_its_own_tensors_again() -> None:
    module = Shared()
    before = [number for number, _ in held(module)]
    with pytest.raises(RuntimeError):
        run(module, parameters_of(module), torch.randn(4, 2, 5, 5), training=True)
    assert [number for number, _ in held(module)] == before


def test_names_are_torchs() -> None:
    module = Shared()
    assert [name for name, _ in named_buffers_of(module)] == [name for name, _ in module.named_buffers()]
    assert [name for name, _ in named_parameters_of(module)] == [
        name for name, _ in module.named_parameters()
    ]
