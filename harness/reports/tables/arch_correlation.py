"""Tables of ``arch_correlation``: proxies beside trivial baselines on the same architectures."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group, by_population, title_of_set
from harness.reports.analysis.quantity import quantity_of
from harness.reports.model import Cell, Column, Row, Table
from harness.reports.tables import labels, measured, subpopulations
from harness.tasks.arch_correlation import BASELINES

COLUMNS = (
    Column("Score", "proxy, or trivial baseline", numeric=False),
    Column("Kendall τ", "tau-b, mean ± standard deviation over seeds"),
    Column(
        "95 % interval of τ",
        "bootstrap over architectures; dashed: one training run against another",
    ),
    Column("Spearman ρ", "mean ± standard deviation over seeds"),
    Column("τ, top 10 %", "tau-b among the tenth of the architectures that are best by the label"),
    Column("τ, failures last", "tau-b over all architectures, those without a score ranked last", extra=True),
    Column(
        "Regret of top 10",
        "from the best architecture to the best of the 10 highest scored, in the label's unit",
        lower_first=True,
        extra=True,
    ),
    Column(
        "τ given parameters",
        "partial tau-b: what is left of τ once the number of parameters is taken out",
        extra=True,
    ),
    Column(
        "Weighted τ",
        "tau with pairs of highly ranked architectures counted more (SciPy's weightedtau)",
        extra=True,
    ),
    Column(
        "nDCG",
        "of the 1,000 highest scored, an accuracy of a % worth 2^a, discounted by log2(1 + rank)",
        extra=True,
    ),
    Column(
        "Regret, best of 100",
        "expected regret of taking the highest scored of 100 of these drawn at random, in its unit",
        lower_first=True,
        extra=True,
    ),
    Column("Scored", "architectures with a valid score / all"),
    Column("Tied", "scored architectures that share their score", lower_first=True, extra=True),
    Column("Seeds", "runs averaged"),
)


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One per set of architectures that proxies were compared on, then those on parts and other labels."""
    order = by_population(groups) or [[]]
    order[0] += [group for group in groups if not group.results]
    own = tuple(_table(block, number, len(order)) for number, block in enumerate(order, 1))
    return own + measured.tables(groups) + subpopulations.tables(groups) + labels.tables(groups)


def _table(groups: Sequence[Group], number: int, of: int) -> Table:
    scored = [group for group in groups if group.results]
    rows = [Row(_cells(group, "score", wording.method_cell(group, groups))) for group in scored]
    for name, title in BASELINES.items():
        if scored and f"{name}.n" in scored[0].results[0].numbers:
            rows.append(Row(_cells(scored[0], name, Cell(title, title, "baseline")), "baseline"))
    rows.sort(key=lambda row: -_rank(row.cells[1].sort))
    ceiling = scored[0].stat("ceiling.kendall")["mean"] if scored else None
    reference = [_reference(scored[0])] if ceiling is not None else []
    return Table(
        title=title_of_set(f"Rank agreement with {quantity_of(*groups[0].place[1:]).truth}", number, of),
        columns=COLUMNS,
        rows=(*reference, *rows, *wording.rows_of_failed(groups, COLUMNS)),
        caption=_caption(groups, scored, of),
        mark=ceiling,
    )


def _rank(value: float | str | None) -> float:
    return value if isinstance(value, float) else -2.0


def _cells(group: Group, name: str, title: Cell) -> tuple[Cell, ...]:
    scored, total, ties = (group.values(f"{name}.{key}") for key in ("n", "n_total", "ties_in_scores"))
    lost = wording.failures(group) if name == "score" else ""
    return (
        title,
        wording.mean_cell(group.stat(f"{name}.kendall"), 3),
        wording.interval_cell(group, f"{name}.kendall"),
        wording.mean_cell(group.stat(f"{name}.spearman"), 3),
        wording.mean_cell(group.stat(f"{name}.kendall_top_decile"), 3),
        wording.mean_cell(group.stat(f"{name}.kendall_failures_last"), 3),
        wording.mean_cell(group.stat(f"{name}.regret_top_10"), 2),
        _where_told(group, f"{name}.kendall_given_params", 3),
        wording.mean_cell(group.stat(f"{name}.kendall_weighted"), 3),
        wording.mean_cell(group.stat(f"{name}.ndcg"), 3),
        _where_told(group, f"{name}.best_of.100.regret", 2),
        Cell(f"{wording.spread(scored)} / {wording.spread(total)}", group.stat(f"{name}.n")["mean"], lost),
        Cell(wording.spread(ties), group.stat(f"{name}.ties_in_scores")["mean"]),
        wording.seeds_cell(group),
    )


def _where_told(group: Group, name: str, digits: int) -> Cell:
    """A plain dash where no seed has the number: size itself given size, 100 of fewer architectures."""
    stat = group.stat(name)
    return wording.mean_cell(stat, digits) if stat["n"] else Cell(wording.NONE)


def _reference(group: Group) -> Row:
    """The ceiling: what one training run says of another."""
    told = {
        "Score": Cell("another training run", "another training run", "ceiling"),
        "Kendall τ": wording.mean_cell(group.stat("ceiling.kendall"), 3),
        "Spearman ρ": wording.mean_cell(group.stat("ceiling.spearman"), 3),
        "τ, top 10 %": wording.mean_cell(group.stat("ceiling.kendall_top_decile"), 3),
        "Scored": Cell(wording.spread(round(n) for n in group.values("ceiling.n") if n is not None)),
        "Seeds": wording.seeds_cell(group),
    }
    return Row(tuple(told.get(column.title, Cell("")) for column in COLUMNS), "reference")


def _caption(groups: Sequence[Group], scored: Sequence[Group], of: int) -> tuple[str, ...]:
    if not scored:
        return ("No run of these succeeded.",)
    first = scored[0]
    sampled, size = (wording.spread(first.values(f"population.{key}")) for key in ("sampled", "space_size"))
    sets = len(first.populations)
    drawn = "one set" if sets == 1 else f"{sets} sets, one per seed,"
    sentences = [
        f"{wording.seeds(first.seeds).capitalize()}; {drawn} of {sampled} distinct architectures out of the "
        f"{size} {lookup.known_by(scored)}. Baselines are computed on all of them, so where a proxy failed "
        "on some, “failures last” is the column to compare.",
        "Standard deviations are over seeds, intervals over architectures (bootstrap, its ends averaged over "
        "the seeds).",
        *lookup.truth_sentence(scored),
        ceiling_sentence(first),
        *_best_of_sentence(first),
        *wording.failed_rows(scored),
        wording.settings_sentence(groups),
    ]
    if of > 1:
        sentences.append(
            "Methods that were scored on other sets of architectures stand in a table of their own."
        )
    return tuple(sentences)


def _best_of_sentence(group: Group) -> tuple[str, ...]:
    """What the expected regrets of 100 random architectures lie between."""
    names = ("regret", "accuracy", "random", "oracle")
    means = [group.stat(f"params.best_of.100.{name}")["mean"] for name in names]
    if None in means:
        return ()
    regret, accuracy, random, oracle = means
    blind, informed = (wording.number(regret + accuracy - each, 2) for each in (random, oracle))
    return (
        f"Of 100 architectures drawn at random from these, one taken blindly has regret {blind}, the most "
        f"accurate {informed}.",
    )


def ceiling_sentence(group: Group) -> str:
    """What training noise leaves room for, or why that is unknown."""
    tau, rho = (group.stat(f"ceiling.{name}")["mean"] for name in ("kendall", "spearman"))
    ceiling = group.results[0].statistics.get("ceiling") or {}
    if tau is not None and "source" in ceiling:
        return (
            f"Ceiling, as published: of {ceiling['n']} genotypes trained twice, one training against the "
            f"other has τ {wording.number(tau, 3)} and ρ {wording.number(rho, 3)} ({ceiling['source']})."
        )
    if tau is not None:
        runs = wording.spread(group.values("ceiling.runs"))
        return (
            f"Ceiling: one training run against another of the {runs} behind this label has τ "
            f"{wording.number(tau, 3)} and ρ {wording.number(rho, 3)} on the same architectures."
        )
    reason = ceiling.get("reason") or "the table holds no single training runs for this label"
    return f"Ceiling unknown: {reason}."
