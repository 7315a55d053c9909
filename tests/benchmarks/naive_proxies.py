"""What proxies cost where each is computed by itself: a copy of the network and fresh passes for every one.

That is how the proxy libraries people use go about it (NASLib, zero-cost-nas). The thirteen functions of
``THIRTEEN`` and the kernels of gradients are written from the formulas, as plainly as they are meant, and
are run by ``python -m tests.benchmarks.proxies`` only. Each takes a network, images (B, 3, H, W) and targets
(B,), and returns the score.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

Naive = Callable[[nn.Module, Tensor, Tensor], float]


def _layers(network: nn.Module) -> list[nn.Module]:
    return [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)]


def _after_loss(network: nn.Module, images: Tensor, targets: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Weights of the layers of a copy and their gradients, one forward and one backward pass."""
    network = copy.deepcopy(network).train()
    F.cross_entropy(network(images), targets).backward()
    weights = [layer.weight for layer in _layers(network)]
    return [(weight.detach(), weight.grad) for weight in weights if weight.grad is not None]


def params(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Number of parameters."""
    return float(sum(parameter.numel() for parameter in network.parameters()))


def flops(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Multiply-adds of an image, counted by hooks while it runs through a copy."""
    network, counts = copy.deepcopy(network).eval(), []
    for layer in _layers(network):
        layer.register_forward_hook(
            lambda layer, inputs, output: counts.append(
                output[0].numel() // layer.weight.shape[0] * layer.weight.numel()
            )
        )
    with torch.no_grad():
        network(images[:1])
    return float(sum(counts))


def l2_norm(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Sum of the layers' weight norms."""
    return sum(layer.weight.norm().item() for layer in _layers(copy.deepcopy(network)))


def grad_norm(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Sum of the layers' gradient norms."""
    return sum(gradient.norm().item() for _, gradient in _after_loss(network, images, targets))


def plain(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Sum of W dL/dW."""
    return sum((weight * gradient).sum().item() for weight, gradient in _after_loss(network, images, targets))


def snip(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Sum of |dL/dm| of masks m that multiply the weights."""
    network = copy.deepcopy(network).train()
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    layers = _layers(network)
    masks = [torch.ones_like(layer.weight, requires_grad=True) for layer in layers]
    masked = {
        names[id(layer.weight)]: layer.weight.detach() * mask
        for layer, mask in zip(layers, masks, strict=True)
    }
    F.cross_entropy(functional_call(network, masked, images), targets).backward()
    return sum(mask.grad.abs().sum().item() for mask in masks if mask.grad is not None)


def grasp(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """-Sum of W Hg: gradients once by themselves and once as a graph, of another forward pass."""
    network = copy.deepcopy(network).train()
    weights = [layer.weight for layer in _layers(network)]
    loss = F.cross_entropy(network(images), targets)
    fixed = torch.autograd.grad(loss, weights, allow_unused=True)
    loss = F.cross_entropy(network(images), targets)
    graph = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
    pairs = zip(fixed, graph, strict=True)
    sum((g * again).sum() for g, again in pairs if g is not None).backward()
    return sum(-(weight * weight.grad).sum().item() for weight in weights if weight.grad is not None)


def fisher(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Fan-in times 1/2 mean_n (sum_hw activation x gradient)^2, summed over channels."""
    network, score = copy.deepcopy(network).train(), 0.0

    def watch(layer: nn.Module, inputs: tuple, output: Tensor) -> None:
        def add(gradient: Tensor) -> None:
            nonlocal score
            sums = (output * gradient).flatten(2).sum(2) if output.dim() > 2 else output * gradient
            score += layer.weight[0].numel() * float(sums.square().mean(0).sum()) / 2

        output.register_hook(add)

    for layer in _layers(network):
        layer.register_forward_hook(watch)
    F.cross_entropy(network(images), targets).backward()
    return score


def synflow(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Log of the sum of |W dR/dW|, batch norm taken out, double precision."""
    network = copy.deepcopy(network).double().eval()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.forward = lambda inputs: inputs
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    network(torch.ones_like(images[:1], dtype=torch.float64)).sum().backward()
    weights = [layer.weight for layer in _layers(network)]
    return math.log(sum((w * w.grad).abs().sum().item() for w in weights if w.grad is not None))


def _input_gradients(network: nn.Module, images: Tensor) -> np.ndarray:
    network, images = copy.deepcopy(network).train(), images.clone().requires_grad_()
    logits = network(images)
    logits.backward(torch.ones_like(logits))
    return images.grad.flatten(1).double().numpy()


def jacob_cov(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """-Sum of log(v + k) + 1 / (v + k), v the eigenvalues of the samples' correlation."""
    shifted = np.linalg.eigvalsh(np.corrcoef(_input_gradients(network, images))) + 1e-5
    return -float(np.sum(np.log(shifted) + 1 / shifted))


def epe_nas(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Sum over classes of |sum of log(|correlation| + k)| of a class's input gradients."""
    gradients, classes = _input_gradients(network, images), targets.numpy()
    score = 0.0
    for label in np.unique(classes):
        if (classes == label).sum() > 1:
            score += abs(float(np.log(np.abs(np.corrcoef(gradients[classes == label])) + 1e-5).sum()))
    return score


def nwot(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Log det of the codes' kernel: at every ReLU module two float products of samples x units."""
    network, kernel = copy.deepcopy(network).train(), np.zeros((len(images),) * 2)

    def count(relu: nn.Module, inputs: tuple, output: Tensor) -> None:
        codes = (inputs[0].flatten(1) > 0).float()
        kernel[:] += (codes @ codes.T).numpy() + ((1 - codes) @ (1 - codes).T).numpy()

    for part in network.modules():
        if isinstance(part, nn.ReLU):
            part.register_forward_hook(count)
    with torch.no_grad():
        network(images)
    return float(np.linalg.slogdet(kernel)[1])


def zen(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Log of what a little noise moves the last features of a Gaussian network, and log BN deviations."""
    network, features, score = copy.deepcopy(network).train(), [], 0.0
    draw = torch.Generator().manual_seed(0)
    for part in network.modules():
        if isinstance(part, nn.AdaptiveAvgPool2d):
            part.register_forward_pre_hook(lambda part, inputs: features.append(inputs[0]))
    with torch.no_grad():
        for layer in _layers(network):
            layer.weight.normal_(generator=draw)
        first, noise = (torch.randn(images.shape, generator=draw) for _ in range(2))
        network(first)
        network(first + 0.01 * noise)
        score += torch.log((features[0] - features[1]).abs().sum((1, 2, 3)).mean()).item()
        for part in network.modules():
            if isinstance(part, nn.BatchNorm2d):
                score += torch.log(part.running_var.mean().sqrt()).item()
    return score


THIRTEEN: dict[str, Naive] = {
    function.__name__: function
    for function in (
        epe_nas, fisher, flops, grad_norm, grasp, jacob_cov, l2_norm, nwot, params, plain, snip, synflow, zen
    )
}  # fmt: skip
"""The proxies of NASLib, whose ``jacov`` is ``jacob_cov`` here."""


def _rows(outputs: Tensor, weights: list[nn.Parameter]) -> Tensor:
    """A backward pass over the whole batch for every sample's output."""
    rows = []
    for output in outputs:
        gradients = torch.autograd.grad(output, weights, retain_graph=True, allow_unused=True)
        pairs = zip(gradients, weights, strict=True)
        rows.append(torch.cat([(torch.zeros_like(w) if g is None else g).flatten() for g, w in pairs]))
    return torch.stack(rows)


def _negative_condition(network: nn.Module, images: Tensor) -> float:
    weights = [parameter for name, parameter in network.named_parameters() if "weight" in name]
    jacobian = _rows(network(images).sum(1), weights)
    values = torch.linalg.eigvalsh((jacobian @ jacobian.T).double())
    return -float(values[-1] / values[0])


def ntk(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Negative condition number of the tangent kernel, batch norm in training mode."""
    return _negative_condition(copy.deepcopy(network).train(), images)


def ntk_eval(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """The same, batch norm in evaluation mode."""
    return _negative_condition(copy.deepcopy(network).eval(), images)


def gradsign(network: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Sum of |sum over samples of the gradients' signs|."""
    network = copy.deepcopy(network).eval()
    losses = F.cross_entropy(network(images), targets, reduction="none")
    return float(_rows(losses, list(network.parameters())).sign().sum(0).abs().sum())


SAMPLES: dict[str, Naive] = {"ntk_eval": ntk_eval, "gradsign": gradsign, "ntk": ntk}
"""Proxies of every sample's own gradient."""
