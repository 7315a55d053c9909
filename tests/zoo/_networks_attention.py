"""Attention of every kind, on patches as tokens."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.zoo._parts import CLASSES, module, number


def tokens(*body: nn.Module, width: int = 8) -> nn.Module:
    """Patches of 2 x 2 pixels as tokens, a learnt one in front, and the classifier on it."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.place
        return self.head(self.body(x)[:, 0])

    patches = nn.Conv2d(3, width, 2, 2)
    parts = {"patches": patches, "token": number(1, 1, width), "place": number(1, 17, width)}
    return module(forward, **parts, body=nn.Sequential(*body), head=nn.Linear(width, CLASSES))


def attention(product: Callable[[Tensor, Tensor, Tensor], Tensor]) -> nn.Module:
    """A pre-norm transformer block with projections of its own and two heads."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(batch, length, 3, 2, width // 2).permute(2, 0, 3, 1, 4)
        x = x + self.proj(product(q, k, v).transpose(1, 2).reshape(batch, length, width))
        return x + self.shrink(F.relu(self.widen(self.norm2(x))))

    return module(
        forward,
        norm1=nn.LayerNorm(8),
        qkv=nn.Linear(8, 24, bias=False),
        proj=nn.Linear(8, 8),
        norm2=nn.LayerNorm(8),
        widen=nn.Linear(8, 16),
        shrink=nn.Linear(16, 8),
    )


def spelled_out(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return ((q @ k.transpose(-2, -1)) * q.shape[-1] ** -0.5).softmax(-1) @ v


def own_attention(first: bool) -> nn.Module:
    """``nn.MultiheadAttention`` whose sequences are first or second of the dimensions."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = x if self.attention.batch_first else x.transpose(0, 1)
        x = x + self.attention(x, x, x, need_weights=False)[0]
        x = x + self.fc(F.relu(x))
        return x if self.attention.batch_first else x.transpose(0, 1)

    return module(forward, attention=nn.MultiheadAttention(8, 2, batch_first=first), fc=nn.Linear(8, 8))


def mixer() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm2(x))

    def layers(inputs: int, inner: int) -> nn.Module:
        return nn.Sequential(nn.Linear(inputs, inner), nn.GELU(), nn.Linear(inner, inputs))

    return module(
        forward, norm1=nn.LayerNorm(8), tokens=layers(17, 6), norm2=nn.LayerNorm(8), channels=layers(8, 16)
    )


def transformer_layer(**settings: object) -> nn.Module:
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **settings)


ATTENTION: dict[str, Callable[[], nn.Module]] = {
    "ViT": lambda: tokens(attention(spelled_out), attention(spelled_out), nn.LayerNorm(8)),
    "fused attention": lambda: tokens(attention(F.scaled_dot_product_attention)),
    "MultiheadAttention": lambda: tokens(own_attention(True)),
    "MultiheadAttention, sequence first": lambda: tokens(own_attention(False)),
    "TransformerEncoderLayer": lambda: tokens(transformer_layer(dropout=0.0)),
    "TransformerEncoderLayer, pre-norm": lambda: tokens(transformer_layer(dropout=0.0, norm_first=True)),
    "MLP-Mixer": lambda: tokens(mixer(), mixer()),
}
