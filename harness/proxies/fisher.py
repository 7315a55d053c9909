"""Fisher: how much the loss would change if each channel were removed.

score = sum over convolution and linear layers of fan_in * sum_c 1/2 mean_n (sum_hw a_nc dL/da_nc)^2, a = the
layer's output before normalisation (samples n, channels c, pixels hw), fan_in = weights per channel; L = the
batch's mean cross-entropy, batch norm in training mode. Higher is better. Unit: loss squared. A layer the
loss does not depend on adds 0; every call of a layer adds its own.

Undefined where the logits do not depend on the images (status disconnected).

Theis et al., "Faster gaze prediction with dense networks and Fisher pruning", 2018, arXiv:1801.05787; Turner
et al., "BlockSwap", ICLR 2020; as a proxy: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS",
ICLR 2021 (``foresight/pruners/measures/fisher.py`` in SamsungLabs/zero-cost-nas).
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._outcome import exact_sum
from harness.proxies._passes import Passes
from harness.proxies._totals import numbers

ABOUT = About(
    formula="sum over layers of fan-in x sum over channels of 1/2 mean_n (sum_hw a dL/da)^2",
    source="Turner et al., ICLR 2020; Abdelfattah et al., ICLR 2021 (SamsungLabs/zero-cost-nas)",
    undefined="logits that do not depend on the images (disconnected)",
    choices="a channel counts once per weight, as in the published numbers; BlockSwap counts it once",
    labels=True,
    gradients="batch",
)
RIDES = ("channels",)
"""Taken from the forward and backward pass of the loss that other proxies read."""


def score(passes: Passes) -> float:
    """Summed saliency of the channels, each times its weights."""
    saliencies = passes.channel_saliencies()
    weights = dict(passes.module.named_parameters())
    fans = (weights[name].numel() // len(channels) for name, channels in saliencies.items())
    sums = numbers(channels.sum() for channels in saliencies.values())
    return exact_sum(each * fan_in for each, fan_in in zip(sums, fans, strict=True))
