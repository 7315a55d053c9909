from __future__ import annotations

import inspect

import pytest
import yaml

from harness import proxies
from harness.errors import UnknownNameError
from harness.folders import CONF


def test_core_names_proxies_but_no_trivial_baseline_once() -> None:
    core = yaml.safe_load((CONF / "proxy" / "core.yaml").read_text())["names"]
    assert len(core) > 1
    assert len(set(core)) == len(core)
    assert set(core) <= set(proxies.names()) - {"params", "flops"}


@pytest.mark.parametrize("name", proxies.names())
def test_every_proxy_module_keeps_the_interface(name: str) -> None:
    module = proxies.load(name)
    about = module.ABOUT
    assert isinstance(about, proxies.About)
    assert about.gradients in ("none", "batch", "sample")
    assert about.precision in ("network", "double")
    assert about.formula
    assert about.source
    assert about.undefined
    assert list(inspect.signature(module.score).parameters) == ["passes"]
    assert "Higher is better" in " ".join(module.__doc__.split())
    assert len(inspect.getsource(module).splitlines()) <= 60


def test_an_unknown_proxy_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'nwot'"):
        proxies.load("nwott")
