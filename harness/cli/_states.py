"""How every run of a results folder, or of a plan, stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import benchmarks, folders, runners, spaces, tasks
from harness.errors import HarnessError, ResultsError
from harness.published import operation_scores
from harness.records import Record, Run, Store, read_record

if TYPE_CHECKING:
    from harness.runners import RunConfig

STATES = ("done", "running", "interrupted", "failed", "missing", "stale", "damaged", "refused")
"""In the order they are counted in."""

PRECEDENCE = ("running", "done", "stale", "damaged", "interrupted", "failed")
"""Which of the states found for one run is told, the first of them."""


@dataclass(frozen=True)
class Line:
    """One run.

    Attributes
    ----------
    state
        One of :data:`STATES`: ``stale`` is a run whose table is no longer that of its record, ``damaged``
        one whose record cannot be read, ``missing`` a planned one that nobody has begun, ``refused`` settings
        of a plan that no run can be made of.
    words
        Why it failed, how much of it is done, who is at work.
    settings
        All that makes the run, but for what the other columns say.
    identity
        The run's, or what else names it.
    """

    state: str
    task: str
    space: str
    label: str
    method: str
    seed: int | str
    words: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    identity: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What a user calls the run by."""
        return (self.task, self.space, self.label, self.method, str(self.seed))


def found(root: Path, spaces: Sequence[str] = ()) -> list[Line]:
    """Every run below the results folder ``root``, and every supernet that is not trained to the end.

    ``spaces`` leaves out all others. Nothing is written and rows are not read; a record that cannot be read
    is a line of its own.
    """
    lines = [*_told(_recorded(root), _begun(root)), *_supernets(root)]
    return sorted((line for line in lines if not spaces or line.space in spaces), key=_order)


def planned(configs: Iterable[RunConfig], progress: Callable[[int], None] = lambda done: None) -> list[Line]:
    """Every run of ``configs``, each once, as it stands in the results folder that its config names."""
    states = cache(lambda root: {line.identity: line for line in found(root)})
    lines: dict[tuple[Path, str], Line] = {}
    for done, config in enumerate(configs):
        progress(done)
        root = Path(config.results) if config.results else folders.RESULTS
        for line in _planned(config, states(root)):
            lines.setdefault((root, line.identity), line)
    return sorted(lines.values(), key=_order)


def told_apart(lines: Sequence[Line]) -> dict[str, str]:
    """By identity the settings in which a run differs from others of the same names, in words."""
    alike: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        alike.setdefault(line.names, []).append(line)
    words = {}
    for group in alike.values():
        flat = {line.identity: dict(_flat(line.settings)) for line in group if line.settings}
        differing = {
            name
            for settings in flat.values()
            for name in settings
            if len({repr(other.get(name)) for other in flat.values()}) > 1
        }
        for identity, settings in flat.items():
            words[identity] = ", ".join(
                f"{name}={settings[name]}" for name in sorted(differing & settings.keys())
            )
    return words


def _order(line: Line) -> tuple[Any, ...]:
    seed = line.seed if isinstance(line.seed, int) else -1
    return (line.task, line.space, line.label, line.method, seed, line.identity)


def _told(*sources: Iterable[Line]) -> Iterator[Line]:
    """Of several lines on one run the one that matters; of several failures the last."""
    best: dict[str, Line] = {}
    for source in sources:
        for line in source:
            other = best.get(line.identity)
            if other is None or PRECEDENCE.index(line.state) <= PRECEDENCE.index(other.state):
                best[line.identity] = line
    return iter(best.values())


def _recorded(root: Path) -> Iterator[Line]:
    for path in sorted(Store(root).paths(), key=_age):
        try:
            yield _of_record(read_record(path))
        except ResultsError as error:
            *_, task, space, label, method, seed = path.parent.parts
            yield Line("damaged", task, space, label, method, seed, str(error), identity=_identity(path))


def _age(path: Path) -> tuple[Path, int, str]:
    """Failures of one run in the order they happened."""
    return (path.parent, len(path.name), path.name)


def _identity(path: Path) -> str:
    return path.name.partition(".")[0]


def _of_record(record: Record) -> Line:
    if record.status == "failed":
        return _line("failed", record.run, record.reason or "no reason given")
    why = _outdated(record.run)
    return _line("stale" if why else "done", record.run, why)


def _outdated(run: Run) -> str:
    """What has changed since: empty where a repetition would be the same run."""
    published = run.settings.get("published")
    for what, known, now in (
        ("table", None if "measured" in run.settings else _truth_of(run), _truth_now),
        (
            "published scores",
            published.get("digest") if isinstance(published, dict) else None,
            _scores_digest,
        ),
    ):
        if known is not None and known != (current := now(run.space, run.label)):
            there = f"now {current[:8]}" if current else "and there is none now"
            return f"made with the {what} {str(known)[:8]}, {there}; run it again"
    return ""


def _truth_of(run: Run) -> str | None:
    """The digest of the figures it was compared with, or in an old record of the whole file."""
    return run.settings.get("truth", run.settings.get("table"))


@cache
def _truth_now(space: str, label: str) -> str | None:
    exists = space in benchmarks.names() or space in spaces.names()
    known = exists and label in benchmarks.labels(space)
    return benchmarks.load(space).digest(label) if known else None


@cache
def _scores_digest(space: str, label: str) -> str | None:
    return operation_scores.entry(space).file.sha256 if space in operation_scores.names() else None


def _begun(root: Path) -> Iterator[Line]:
    for each in runners.under_way(root):
        words = [] if each.done is None else [f"{each.done:,} of {each.total:,} architectures measured"]
        words += [f"{each.scores:,} scores kept"] * bool(each.scores)
        if each.running and each.by:
            words.append(f"host and process id: {each.by}")
        if not each.running:
            words.append("run it again to go on" if each.done or each.scores else "run it again")
        state = "running" if each.running else "interrupted"
        if each.run is None:
            yield Line(state, "", "", "", each.identity, "", "; ".join(words), identity=each.identity)
        else:
            yield _line(state, each.run, "; ".join(words))


def _supernets(root: Path) -> Iterator[Line]:
    for each in runners.supernets(root):
        words = f"{each.done} of {each.total} epochs" if each.total else "in its first epoch"
        state = "running" if each.running else "interrupted"
        yield Line(state, "supernet", each.space, "", each.name, each.seed, words, identity=each.name)


def _line(state: str, run: Run, words: str) -> Line:
    return Line(
        state, run.task, run.space, run.label, run.method, run.seed, words, run.settings, run.identity
    )


def _planned(config: RunConfig, states: Mapping[str, Line]) -> Iterator[Line]:
    own = (config.task["name"], config.space["name"], config.label)
    try:
        outcomes = runners.planned(config)
    except HarnessError as error:
        chosen = getattr(config, tasks.of_record(own[0]).group or "proxy")
        method = chosen["name"] if "name" in chosen else "+".join(chosen["names"])
        yield Line("refused", *own, method, config.seed, str(error), identity=f"refused {config}")
        return
    for outcome in outcomes:
        identity = _identity(outcome.path)
        label = outcome.path.parts[-4]  # which measured truth names by itself
        begun = states.get(
            identity, Line("missing", *own[:2], label, outcome.method, config.seed, identity=identity)
        )
        yield replace(begun, state="done", words="") if outcome.status == "skipped" else begun


def _flat(settings: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}{key}.")
        else:
            yield f"{name}{key}", value[:8] if isinstance(value, str) and len(value) == 64 else value
