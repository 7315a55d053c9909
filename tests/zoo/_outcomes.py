"""Where a network of the zoo has no value: the proxy's status and its sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.zoo._formulas import NAMES


@dataclass(frozen=True)
class Outcome:
    """A status and its sentence, "…" for what differs, for some proxies on some networks."""

    status: str
    says: str
    networks: tuple[str, ...]
    proxies: tuple[str, ...]

    def meets(self, status: str, reason: str) -> bool:
        pattern = ".+".join(map(re.escape, self.says.split("…")))
        return status == self.status and re.fullmatch(pattern, reason, re.DOTALL) is not None


OF_BLOCKS = ("az_expressivity", "az_progressivity", "az_trainability")
OF_LAYERS = (
    "fisher", "grad_norm", "grasp", "l2_norm", "logsynflow", "plain", "snip", "synflow", "trainable_layers",
    "vkdnw", "zen", "zico",
)  # fmt: skip
OF_FLOW = ("logsynflow", "synflow")
OF_RELUS = (
    "linear_regions", "linear_regions_eval", "nwot", "nwot_eval", "nwot_smooth", "swap", "swap_reg",
)  # fmt: skip
ALL = NAMES
OF_IMAGES = tuple(
    name for name in ALL if name not in ("params", "flops", "l2_norm", "trainable_layers", *OF_FLOW)
)
OF_TOKENS = (
    "ViT", "fused attention", "MultiheadAttention", "MultiheadAttention, sequence first",
    "TransformerEncoderLayer", "TransformerEncoderLayer, pre-norm", "MLP-Mixer",
)  # fmt: skip
OTHER_IMAGES = ("vectors for images", "signals for images", "volumes for images")
WITHOUT_LAYERS = ("no layer with weights", "only a normalisation")
WITHOUT_RELU = ("no ReLU", "leaky and learnt slopes", "ConvNeXt", "MLP-Mixer")
ONE_BLOCK = (
    "transposed", "a layer never called", "ReLU of a parameter", "layers read, not called",
    "lazy, initialised",
)  # fmt: skip

OUTCOMES: tuple[Outcome, ...] = (
    Outcome(
        "disconnected",
        "the logits do not depend on the images",
        ("logits of constants", "images times zero"),
        OF_IMAGES,
    ),
    Outcome(
        "disconnected",
        "no path of non-zero weights leads from the input to the logits",
        (
            "logits of constants",
            "images times zero",
            "methods in place",
            "torch.is_tensor",
            "type(x) is Tensor",
            "catches exceptions",
            "control flow by values",
        ),
        OF_FLOW,
    ),
    Outcome(
        "inf",
        "no ReLU was called: the kernel is 0, its log determinant -inf; nwot_smooth counts other activations "
        "too",
        WITHOUT_RELU,
        ("nwot", "nwot_eval"),
    ),
    Outcome(
        "inf",
        "no ReLU was called: the logarithm of 0 patterns is minus infinity",
        WITHOUT_RELU,
        ("swap_reg",),
    ),
    Outcome(
        "inf", "the tangent kernel of … samples is singular", ("a normalisation before the mean",), ("ntk",)
    ),
    Outcome(
        "inf",
        "the tangent kernel of … samples is singular",
        ("only a normalisation", "bfloat16"),
        ("ntk", "ntk_eval"),
    ),
    Outcome(
        "nan",
        "the input gradients are 0 but for rounding: a normalisation fixes the sum of all logits, which then "
        "does not depend on the images",
        ("a normalisation before the mean",),
        ("epe_nas", "jacob_cov"),
    ),
    Outcome(
        "nan",
        "the network has one block: there is no increase to the next one",
        ONE_BLOCK,
        ("az_progressivity",),
    ),
    Outcome(
        "nan",
        "the network has one block: there is none behind features of another",
        ONE_BLOCK,
        ("az_trainability",),
    ),
    Outcome(
        "nan",
        "no block was found: the network has no child with layers in it",
        (*WITHOUT_LAYERS, "recurrent", "weights that are parameters"),
        OF_BLOCKS,
    ),
    Outcome(
        "nan",
        "the network has no feature map of more than one pixel",
        ("1-d", "3-d", "transposed, 1-d and 3-d", "vectors", "recurrent", *OTHER_IMAGES),
        ("zen",),
    ),
    Outcome(
        "nan",
        "no layer hands out a feature map of more than one pixel",
        ("1-d", "3-d", "no layer with weights"),
        ("meco",),
    ),
    Outcome(
        "failed",
        "a block hands on features of shape …, neither vectors nor maps of pixels; hand over a network of "
        "two-dimensional convolutions or linear layers, or take another proxy",
        (
            "1-d",
            "3-d",
            "transposed, 1-d and 3-d",
            *OF_TOKENS,
            "dropout in a transformer",
            "signals for images",
            "volumes for images",
        ),
        OF_BLOCKS,
    ),
    Outcome(
        "failed",
        "the network has no convolution or linear layer; take a proxy that reads no weights",
        WITHOUT_LAYERS,
        OF_LAYERS,
    ),
    Outcome(
        "failed",
        "the network has no parameter with 'weight' in its name; take another proxy",
        ("no layer with weights",),
        ("ntk", "ntk_eval"),
    ),
    Outcome(
        "failed",
        "the weight of layer … is no parameter of the network but computed from others, as by weight or "
        "spectral norm; fold these into it (remove_parametrizations, remove_weight_norm) and hand the "
        "network over then",
        (
            "parametrized weight",
            "spectral norm",
            "weight norm",
            "spectral norm, old form",
            "weight norm, old form",
        ),
        OF_LAYERS,
    ),
    Outcome(
        "failed",
        "a ReLU received an input of shape …, whose first dimension is not the batch of …; hand over a "
        "network whose ReLUs take samples, in front, or take another proxy",
        ("ReLU of a parameter", "a gate that is learnt", "MultiheadAttention, sequence first"),
        OF_RELUS,
    ),
    Outcome(
        "failed",
        "the layer of … is not called, its weight is read by something else, so that nobody sees its "
        "channels; hand over a network that calls its layers, or take another proxy",
        (
            "MultiheadAttention",
            "TransformerEncoderLayer",
            "TransformerEncoderLayer, pre-norm",
            "dropout in a transformer",
            "layers read, not called",
        ),
        ("fisher",),
    ),
    Outcome(
        "failed",
        "a layer hands out a tensor of shape …, whose first dimension is not the batch of …; hand over a "
        "network that keeps its samples in front",
        ("MultiheadAttention, sequence first",),
        ("fisher",),
    ),
    Outcome(
        "failed",
        "meco looks at maps of 64 x 64 pixels, and this network takes images of shape …; hand over one that "
        "takes (C, H, W), or take another proxy",
        OTHER_IMAGES,
        ("meco",),
    ),
    Outcome(
        "failed",
        "meco looks at an image of 64 x 64 pixels, which this network does not take (…); hand over one that "
        "takes images of any size, or take another proxy",
        (
            "transposed",
            "transposed, 1-d and 3-d",
            "vectors",
            "layer norm",
            "VGG",
            "recurrent",
            *OF_TOKENS,
            "lazy, initialised",
        ),
        ("meco",),
    ),
    Outcome(
        "failed",
        "… has no shape yet; run the network once on a batch of images and hand it over then",
        ("lazy",),
        ALL,
    ),
    Outcome(
        "failed",
        "the network is scripted and takes no other weights; hand over the module it was made of",
        ("scripted", "traced by jit"),
        ALL,
    ),
    Outcome(
        "failed",
        "a network to be scored returns one tensor of logits, shape (samples, classes); received …: wrap the "
        "network so that it returns the logits only",
        ("tuple of outputs",),
        (*OF_IMAGES, *OF_FLOW),
    ),
)


def outcome(network: str, proxy: str) -> Outcome | None:
    """What is expected in the place of a value; None where a value is."""
    return next((o for o in OUTCOMES if network in o.networks and proxy in o.proxies), None)
