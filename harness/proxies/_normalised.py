"""The first and second derivatives of batch norm in training mode."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

Derivative = Tensor | None
"""None is 0."""


@dataclass(frozen=True)
class BatchNorm:
    """Batch norm y of x, whose derivatives by two numbers e and d are u and v.

    With mean m and variance s^2 = var + eps, <> the mean over samples and pixels, bars for (. - m) / s::

        y    = x-bar
        y_e  = u-bar - a y,  a = <u-bar y>
        y_d  = v-bar - b y,  b = <v-bar y>
        D2 y = -b y_e - a y_d + (a b - <u-bar v-bar>) y

    Where x is ``grown``, (1 + e r) y stands in the place of y, r = eps / s^2: a - r in that of a, and D2 y is
    2 r b y less.

    Attributes
    ----------
    x
        (samples, channels, ...).
    mean, inverse
        m and 1 / s, (channels,).
    weight
        What y is multiplied by, (channels,), None for 1.
    """

    x: Tensor
    mean: Tensor
    inverse: Tensor
    eps: float
    weight: Tensor | None
    grown: bool

    def second(
        self, u: Derivative, v: Derivative, gradient: Tensor | None, of_weight: Tensor | None = None
    ) -> tuple[Derivative, Derivative, Tensor]:
        """y_e, y_d, and the sum over all entries of D2 y times y's ``gradient``.

        ``gradient`` is that of y. Where the weight's own is given, the sum of y's times y, it is that of x,
        whose sums with u and v are those of y's with y_e and y_d.
        """
        r = self.eps * self.inverse.square() if self.grown else torch.zeros_like(self.inverse)
        scale = torch.ones_like(r) if self.weight is None else self.weight.detach()
        (mean_u, a), (mean_v, b) = self._moments(u), self._moments(v)
        y_d = None if v is None else self._moved(v, mean_v, -b)
        y_e = None if u is None and not self.grown else self._moved(u, mean_u, r - a)
        term = r.new_zeros((), dtype=torch.float64)
        if gradient is not None:
            # <u-bar v-bar> - a b from <y_e y_d>, as <y y> = 1 - eps / s^2.
            rest = self.eps * self.inverse.square()
            both = self._sums(y_e, y_d) / self._entries - rest * b * r + a * b * rest
            if of_weight is None:
                of_y = self._sums(gradient, self.x, self.mean, self.inverse) * scale
                of_e = (self._sums(gradient, y_e) * scale) - r * of_y
                of_d = self._sums(gradient, y_d) * scale
            else:
                of_y = of_weight * scale
                of_e, of_d = self._sums(gradient, u), self._sums(gradient, v)
            term = -((both + 2 * r * b) * of_y + b * of_e + (a - r) * of_d).double().sum()
        if bool((scale != 1).any()):
            y_e, y_d = (None if y is None else y.mul_(self._by_channel(scale)) for y in (y_e, y_d))
        return y_e, y_d, term

    @property
    def _entries(self) -> int:
        """Of a channel."""
        return self.x.numel() // self.x.shape[1]

    def _moments(self, z: Derivative) -> tuple[Tensor, Tensor]:
        """<z> and <z-bar y>."""
        if z is None:
            return torch.zeros_like(self.mean), torch.zeros_like(self.mean)
        products, sums = _reduced(z, self.x, self.mean, self.inverse)
        return sums / self._entries, products * self.inverse / self._entries

    def _moved(self, z: Derivative, mean: Tensor, factor: Tensor) -> Tensor:
        """z-bar + factor y."""
        variance, shift = self.inverse.pow(-2), -mean * self.inverse
        moved = F.batch_norm(self.x, self.mean, variance, factor, shift, False, 0.0, 0.0)
        return moved if z is None else moved.addcmul_(z, self._by_channel(self.inverse))

    def _sums(
        self, one: Derivative, other: Derivative, mean: Tensor | None = None, inverse: Tensor | None = None
    ) -> Tensor:
        """Of ``one * (other - mean) * inverse`` over samples and pixels."""
        ones = torch.ones_like(self.mean)
        if one is None or other is None:
            return 0 * ones
        return _reduced(one, other, 0 * ones if mean is None else mean, ones if inverse is None else inverse)[
            0
        ]

    def _by_channel(self, values: Tensor) -> Tensor:
        return values.view(-1, *(1,) * (self.x.dim() - 2))


def _reduced(one: Tensor, other: Tensor, mean: Tensor, inverse: Tensor) -> tuple[Tensor, Tensor]:
    """Sums of ``one * (other - mean) * inverse`` and of ``one`` over samples and pixels, (channels,) each.

    What batch norm's backward pass computes for its weight and bias, in one pass over the memory.
    """
    backward = torch.ops.aten.native_batch_norm_backward
    # Without a weight, products would not be computed on a GPU.
    weight = torch.ones_like(mean)
    _, products, sums = backward(
        one, other, weight, None, None, mean, inverse, True, 0.0, [False, True, True]
    )
    return products, sums
