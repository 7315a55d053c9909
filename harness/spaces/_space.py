"""What a search space is: decisions, and the architectures that picking their candidates makes."""

from __future__ import annotations

import hashlib
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, prod
from typing import Any

import numpy as np

from harness.errors import ConfigError, unknown_name
from harness.spaces._diagram import Diagram, Node, chain

Architecture = tuple[tuple[int, ...], ...]
"""For every decision the indices of the picked candidates, ascending."""

Mask = tuple[tuple[bool, ...], ...]
"""For every decision, which candidates are still there."""


@dataclass(frozen=True)
class Decision:
    """One place where a choice is made: ``picks`` of ``candidates``.

    ``kind`` says in a word what is chosen: ``"operation"`` (which operation runs here; one pick),
    ``"input"`` (which parents feed this node), ``"width"``, ``"depth"``, ``"kernel"`` or any other. Methods
    say which kinds they can decide.
    """

    name: str
    candidates: tuple[str, ...]
    picks: int = 1
    kind: str = "operation"

    @cached_property
    def options(self) -> tuple[tuple[int, ...], ...]:
        """Every way to make this decision, in lexicographic order."""
        return tuple(itertools.combinations(range(len(self.candidates)), self.picks))


@dataclass(frozen=True)
class Images:
    """What networks are made for: a data set by name, how many ``classes``, side of its images in pixels."""

    dataset: str
    classes: int
    pixels: int


def without(mask: Mask, decision: int, candidate: int) -> Mask:
    """``mask`` with one candidate of one decision removed."""
    row = mask[decision]
    return replaced(mask, decision, (*row[:candidate], False, *row[candidate + 1 :]))


def only(mask: Mask, decision: int, picks: tuple[int, ...]) -> Mask:
    """``mask`` with one decision reduced to ``picks``."""
    return replaced(mask, decision, tuple(index in picks for index in range(len(mask[decision]))))


def replaced(mask: Mask, decision: int, row: tuple[bool, ...]) -> Mask:
    """``mask`` with one decision's row replaced."""
    return (*mask[:decision], row, *mask[decision + 1 :])


def is_index(value: object) -> bool:
    """Whether ``value`` is a whole number, and not a truth value."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_own(form: Sequence[Any]) -> bool:
    return all(
        isinstance(picks, Sequence | np.ndarray) and not isinstance(picks, str) and all(map(is_index, picks))
        for picks in form
    )


def _own(form: Sequence[Any]) -> Architecture:
    return tuple(tuple(int(pick) for pick in picks) for picks in form)


def _picked(space: str, decision: Decision, value: Any) -> tuple[int, ...]:
    """The indices of the candidates that are named."""
    names = [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
    for name in names:
        if name not in decision.candidates:
            raise unknown_name(f"candidate of {decision.name} in {space}", name, decision.candidates)
    return tuple(sorted(decision.candidates.index(name) for name in names))


def _short(form: object) -> str:
    text = " ".join(repr(form).split())
    return text if len(text) <= 200 else f"{text[:200]}..."


class Space(ABC):
    """A set of architectures, given by its decisions.

    A subclass states ``name``, ``title``, ``family`` (which network builder serves it),
    ``decisions`` and how architectures are written and told apart.
    Where a choice has no effect on the network (a block that feeds nothing),
    :meth:`normalise` maps it to one representative, and :meth:`active` says which decisions count.
    """

    name: str
    title: str
    family: str
    decisions: tuple[Decision, ...]
    identity_candidates: frozenset[str]
    """Candidates that only pass on or drop their input."""
    never_kept: frozenset[str] = frozenset()
    """Candidates that are there for supernets alone: no architecture keeps one."""
    made_for = Images("cifar10", 10, 32)
    """The images that its networks are for, where no benchmark says which it trained them on."""
    one_key_per_network = False
    """Whether :meth:`normalise` leaves one encoding of each isomorphism class: keys tell them apart."""
    stages: int = 0
    """In how many stages architectures grow (:meth:`grown`); 0 where nobody says how."""
    forms: str = (
        "its string, a sequence with the picked indices of every decision, or a mapping from the decisions' "
        "names to candidates"
    )
    """What :meth:`parse` reads, in words."""

    @abstractmethod
    def format(self, arch: Architecture) -> str:
        """The string the benchmark's authors write for ``arch``."""

    @abstractmethod
    def parse_text(self, text: str) -> Architecture:
        """Read :meth:`format`'s string; raises :class:`~harness.errors.ConfigError` otherwise."""

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read a sequence of another shape than ours, ``None`` where it has no known one."""
        return None

    def parse_mapping(self, items: Mapping[Any, Any]) -> Architecture | None:
        """Read a mapping from every decision's name to its candidate's, or to a list where it picks more."""
        if set(items) != {decision.name for decision in self.decisions}:
            return None
        return tuple(_picked(self.name, decision, items[decision.name]) for decision in self.decisions)

    def parse(self, form: Any) -> Architecture:
        """The architecture that ``form`` describes, in one of the forms that people have.

        A string is :meth:`format`'s. A sequence holds for every decision a sequence of the indices it picks.
        A mapping leads from every decision's name to the name of its candidate. What else a space reads, such
        as what its benchmark's own code writes, is in ``forms``.

        Raises
        ------
        ConfigError, UnknownNameError
            For anything else, or an architecture that the space does not have.
        """
        if isinstance(form, str):
            return self.parse_text(form)
        found = None
        if isinstance(form, Mapping):
            found = self.parse_mapping(form)
        elif isinstance(form, Sequence | np.ndarray):
            items = form if isinstance(form, Sequence) else list(form)
            found = _own(items) if _is_own(items) else self.parse_sequence(items)
        if found is None:
            raise ConfigError(f"An architecture of {self.name} is {self.forms}; received {_short(form)}.")
        self.validate(found)
        return found

    @abstractmethod
    def canonical(self, arch: Architecture) -> str:
        """The isomorphism class by the benchmark's own rule: equal strings are the same network."""

    def normalise(self, arch: Architecture) -> Architecture:
        """The representative of all encodings that make the same cell as ``arch``."""
        return arch

    def active(self, arch: Architecture) -> tuple[bool, ...]:
        """For every decision, whether it has an effect on ``arch``'s network."""
        return (True,) * len(self.decisions)

    def connected(self, arch: Architecture) -> bool:
        """Whether a path leads from the cell's input to its output."""
        return True

    def feeding(self, decision: int) -> tuple[int, ...] | None:
        """For every candidate of an input decision the operation decision of the edge that it would feed.

        ``None`` for another decision, and where inputs are chosen without regard to operations.
        """
        return None

    def grown(self, arch: Architecture | None, stage: int) -> tuple[Architecture, ...]:
        """The architectures of ``stage`` that extend ``arch``, one of the stage before.

        Stages count from 0, whose architectures are the smallest and extend ``None``; those of the last one,
        ``stages - 1``, are as large as the space has them. Some may be encodings of one network.
        """
        raise NotImplementedError(f"{self.name} does not say how its architectures grow.")

    @property
    def decisions_by_cell(self) -> tuple[tuple[int, ...], ...]:
        """The decisions of every cell that is searched: a method may make one of each cell at a time."""
        return (tuple(range(len(self.decisions))),)

    def training_share(self, arch: Architecture) -> float:
        """How much of a training's length ``arch`` asks for, above 0 and at most 1: all, by default."""
        return 1.0

    @property
    def crossover_points(self) -> tuple[int, ...]:
        """Numbers of leading decisions that a child may have of one parent, the others being of another."""
        return tuple(range(1, len(self.decisions)))

    @cached_property
    def size(self) -> int:
        """How many encodings there are: every combination of picks, counted and never listed."""
        return prod(self._radices)

    def listing(self) -> tuple[Architecture, ...] | None:
        """What the benchmark's authors enumerate, in a fixed order; ``None`` where nobody lists the space.

        For benchmarks, which hand it on: everything else reads their ``architectures``.
        """
        return None

    def encodings(self) -> Iterator[Architecture]:
        """Every combination of picks, whether or not two make the same cell."""
        return itertools.product(*(decision.options for decision in self.decisions))

    def arch_of(self, mask: Mask) -> Architecture:
        """The architecture that a mask of decided rows leaves; the inverse of :meth:`mask_of`."""
        return tuple(tuple(index for index, alive in enumerate(row) if alive) for row in mask)

    @cached_property
    def full_mask(self) -> Mask:
        """The mask of the supernet before any decision."""
        return tuple((True,) * len(decision.candidates) for decision in self.decisions)

    def mask_of(self, arch: Architecture) -> Mask:
        """The mask that leaves ``arch`` alone."""
        return tuple(
            tuple(index in picks for index in range(len(decision.candidates)))
            for decision, picks in zip(self.decisions, arch, strict=True)
        )

    def path(self, mask: Mask, rng: np.random.Generator) -> Mask:
        """One encoding of what ``mask`` leaves, as a mask: every decision made uniformly and by itself.

        A space may leave decisions open that its supernets are trained without.
        """
        picks = (
            tuple(sorted(rng.choice(np.flatnonzero(row), decision.picks, replace=False).tolist()))
            for decision, row in zip(self.decisions, mask, strict=True)
        )
        return self.mask_of(tuple(picks))

    def leaves(self, mask: Mask, arch: Architecture) -> bool:
        """Whether ``mask`` leaves ``arch``: every candidate that it picks, where that has an effect."""
        return all(
            row[pick]
            for row, picks, active in zip(mask, arch, self.active(arch), strict=True)
            if active
            for pick in picks
        )

    def sample(self, rng: np.random.Generator) -> Architecture:
        """One architecture, every decision made uniformly and by itself."""
        draws = (decision.options[int(rng.integers(len(decision.options)))] for decision in self.decisions)
        return self.normalise(tuple(draws))

    def neighbours(self, arch: Architecture) -> tuple[Architecture, ...]:
        """All cells that differ from ``arch`` in one decision, each once, without ``arch`` itself."""
        found: dict[Architecture, None] = {}
        for index, decision in enumerate(self.decisions):
            for option in decision.options:
                found[self.normalise((*arch[:index], option, *arch[index + 1 :]))] = None
        found.pop(self.normalise(arch), None)
        return tuple(found)

    def mutated(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """One of ``neighbours(arch)``: another pick in one decision.

        The decision is drawn uniformly from those that have an effect on ``arch``, the pick uniformly from
        the decision's others. A decision that has an effect only in the child starts with its first option.
        """
        active = np.flatnonzero(self.active(arch))
        index = int(rng.choice(active))
        others = [option for option in self.decisions[index].options if option != arch[index]]
        option = others[int(rng.integers(len(others)))]
        return self.normalise((*arch[:index], option, *arch[index + 1 :]))

    def key(self, arch: Architecture) -> int:
        """A number that names the cell, of 64 bits with its sign.

        Mixed radix over the options of the normalised picks, where that fits 63 bits; otherwise the first 8
        bytes of the SHA-256 of their string, big-endian.
        """
        normalised, key = self.normalise(arch), 0
        for picks, ranks, radix in zip(normalised, self._option_ranks, self._radices, strict=True):
            key = key * radix + ranks[picks]
        if self.size <= 2**63:
            return key
        digest = hashlib.sha256(self.format(normalised).encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def of_key(self, key: int) -> Architecture:
        """The normal form whose :meth:`key` is ``key``; for spaces whose keys are of mixed radix."""
        picks = []
        for decision, radix in zip(reversed(self.decisions), reversed(self._radices), strict=True):
            key, rank = divmod(key, radix)
            picks.append(decision.options[rank])
        return tuple(reversed(picks))

    def class_numbers(self, archs: Sequence[Architecture]) -> np.ndarray:
        """Number of the isomorphism class of each of ``archs``; int64.

        Two numbers are equal where :meth:`canonical` is.
        """
        return np.unique([self.canonical(arch) for arch in archs], return_inverse=True)[1]

    @cached_property
    def _radices(self) -> tuple[int, ...]:
        return tuple(comb(len(decision.candidates), decision.picks) for decision in self.decisions)

    @cached_property
    def _option_ranks(self) -> tuple[dict[tuple[int, ...], int], ...]:
        return tuple(
            {option: rank for rank, option in enumerate(decision.options)} for decision in self.decisions
        )

    def operations(self, arch: Architecture) -> tuple[str | None, ...]:
        """For every operation decision the picked candidate's name, ``None`` where it has no effect."""
        return tuple(
            decision.candidates[picks[0]] if active else None
            for decision, picks, active in zip(self.decisions, arch, self.active(arch), strict=True)
            if decision.kind == "operation"
        )

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """What ``arch`` looks like: its cells; by default a chain of all that is picked and has an effect."""
        layers = (
            Node(decision.name, ", ".join(decision.candidates[pick] for pick in picks))
            for decision, picks, active in zip(self.decisions, arch, self.active(arch), strict=True)
            if active
        )
        return (chain(tuple(layers)),)

    def non_identity_operations(self, arch: Architecture) -> int:
        """How many operations do more than pass on or drop their input: a trivial baseline."""
        return sum(
            operation is not None and operation not in self.identity_candidates
            for operation in self.operations(arch)
        )

    def validate(self, arch: Architecture) -> None:
        """Raise :class:`~harness.errors.ConfigError` where ``arch`` is not an encoding of this space."""
        if len(arch) != len(self.decisions):
            raise ConfigError(
                f"An architecture of {self.name} makes {len(self.decisions)} decisions; "
                f"received {len(arch)}: {arch!r}."
            )
        for decision, picks, ranks in zip(self.decisions, arch, self._option_ranks, strict=True):
            if tuple(picks) not in ranks:
                raise ConfigError(
                    f"Decision {decision.name!r} of {self.name} takes {decision.picks} of the candidates "
                    f"0 to {len(decision.candidates) - 1}, ascending; received {picks!r}."
                )
