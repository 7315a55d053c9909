"""A value does not hang on what is in force where ``measure`` is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from harness import proxies
from tests.zoo._expected import batches, measured, problem, told
from tests.zoo._zoo import CASES, DRAWING


@contextmanager
def default_device() -> Iterator[None]:
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def hook_on_all_modules() -> Iterator[None]:
    """A user's, such as a logger's; it is still there afterwards."""
    calls: list[str] = []
    handle = register_module_forward_hook(lambda module, inputs, output: calls.append(type(module).__name__))
    try:
        yield
        before = len(calls)
        nn.Identity()(torch.zeros(1, device="cpu"))
        assert len(calls) == before + 1
    finally:
        handle.remove()


@contextmanager
def default_dtype() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


SURROUNDINGS: dict[str, Callable[[], AbstractContextManager]] = {
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "with torch.device": lambda: torch.device("meta"),
    "set_default_device": default_device,
    "set_default_dtype": default_dtype,
}
PAIRS = [
    pytest.param(name, surrounding, marks=() if (i + j) % len(SURROUNDINGS) == 0 else pytest.mark.slow)
    for i, name in enumerate(CASES)
    for j, surrounding in enumerate(SURROUNDINGS)
    if name not in DRAWING or surrounding != "set_default_dtype"
]
"""Every network in one of them; in all of them where time allows. A draw hangs on its number format."""
HOOKED = ("plain", "ResNet, bottlenecks", "TransformerEncoderLayer", "alternates by a number")


@pytest.mark.parametrize(("name", "surrounding"), PAIRS)
def test_in_any_surroundings(name: str, surrounding: str) -> None:
    case = CASES[name]
    network, handed = case.build(), batches(case)
    with SURROUNDINGS[surrounding]():
        found = proxies.measure(network, handed, proxies.names(), seed=0)
    assert told(found) == told(measured(name))


@pytest.mark.parametrize("name", HOOKED)
def test_under_a_hook_on_all_modules(name: str) -> None:
    """Such a hook might change what layers hand on, so that operations run in another order."""
    case = CASES[name]
    with hook_on_all_modules():
        found = proxies.measure(case.build(), batches(case), proxies.names(), seed=0)
    problems = [problem(case, proxy, measurement) for proxy, measurement in found.items()]
    assert not any(problems), "\n".join(filter(None, problems))
