"""The first and second derivatives of batch norm in training mode."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

Derivative = Tensor | None
"""None is 0."""
Vector = Tensor | float
"""A number for each channel; 0 for those of nothing."""


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
    ) -> tuple[Derivative, Derivative, Tensor | None]:
        """y_e, y_d, and by channel the sum of D2 y times y's ``gradient``, None where there is none.

        ``gradient`` is that of y. Where the weight's own is given, the sum of y's times y, it is that of x,
        whose sums with u and v are those of y's with y_e and y_d.
        """
        rest = self.inverse.square() * self.eps
        r = rest if self.grown else 0.0
        (shift_e, a), (shift_d, b) = self._moments(u), self._moments(v)
        still = a - r
        y_e = None if u is None and not self.grown else self._moved(u, shift_e, -still)
        y_d = None if v is None else self._moved(v, shift_d, -b)
        bent = None
        if gradient is not None:
            # <u-bar v-bar> - a b from <y_e y_d>, as <y y> = 1 - eps / s^2.
            both = self._sums(y_e, y_d) / self._entries + rest * b * (still + 2 * self.grown)
            of_y, of_e, of_d = self._sums_with(gradient, of_weight, (u, v), (y_e, y_d), r)
            bent = -(both * of_y + b * of_e + still * of_d)
        if self.weight is not None and bool((self.weight != 1).any()):
            scale = self._by_channel(self.weight.detach())
            y_e, y_d = (None if y is None else y.mul_(scale) for y in (y_e, y_d))
        return y_e, y_d, bent

    def _sums_with(
        self,
        gradient: Tensor,
        of_weight: Tensor | None,
        before: tuple[Derivative, Derivative],
        after: tuple[Derivative, Derivative],
        r: Tensor | float,
    ) -> tuple[Vector, Vector, Vector]:
        """The sums of y's gradient times y, y_e without r y, and y_d."""
        scale = 1.0 if self.weight is None else self.weight.detach()
        if of_weight is not None:
            of_e, of_d = (self._sums(gradient, part) for part in before)
            return of_weight * scale, of_e, of_d
        of_e, of_d = (self._sums(gradient, part) * scale for part in after)
        of_y = _reduced(gradient, self.x, self.mean, self.inverse, self._ones)[0] * scale
        return of_y, of_e - r * of_y, of_d

    @property
    def _entries(self) -> int:
        """Of a channel."""
        return self.x.numel() // self.x.shape[1]

    @cached_property
    def _ones(self) -> Tensor:
        return torch.ones_like(self.mean)

    @cached_property
    def _zeros(self) -> Tensor:
        return torch.zeros_like(self.mean)

    @cached_property
    def _variance(self) -> Tensor:
        return self.inverse.pow(-2)

    def _moments(self, z: Derivative) -> tuple[Tensor, Vector]:
        """-<z> / s and <z-bar y>."""
        if z is None:
            return self._zeros, 0.0
        products, sums = _reduced(z, self.x, self.mean, self.inverse, self._ones)
        share = self.inverse / self._entries
        return -sums * share, products * share

    def _moved(self, z: Derivative, shift: Tensor, factor: Vector) -> Tensor:
        """Z / s + shift + factor y."""
        moved = F.batch_norm(self.x, self.mean, self._variance, factor * self._ones, shift, False, 0.0, 0.0)
        return moved if z is None else moved.addcmul_(z, self._by_channel(self.inverse))

    def _sums(self, one: Derivative, other: Derivative) -> Vector:
        """Of ``one * other`` over samples and pixels."""
        if one is None or other is None:
            return 0.0
        return _reduced(one, other, self._zeros, self._ones, self._ones)[0]

    def _by_channel(self, values: Tensor) -> Tensor:
        return values.view(-1, *(1,) * (self.x.dim() - 2))


def _reduced(
    one: Tensor, other: Tensor, mean: Tensor, inverse: Tensor, ones: Tensor
) -> tuple[Tensor, Tensor]:
    """Sums of ``one * (other - mean) * inverse`` and of ``one`` over samples and pixels, (channels,) each.

    What batch norm's backward pass computes for its weight and bias, in one pass over the memory.
    """
    backward = torch.ops.aten.native_batch_norm_backward
    # Without a weight, products would not be computed on a GPU.
    _, products, sums = backward(one, other, ones, None, None, mean, inverse, True, 0.0, [False, True, True])
    return products, sums
