"""What the records say of searches: the best that reads networks, random search, the optimum."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity
from harness.reports.findings import parts
from harness.reports.model import Finding
from harness.stats import difference_over_seeds

HEADING = "What a search finds"


def best_of(groups: Sequence[Group]) -> Group | None:
    """The best search that reads networks, or else the best of all.

    Where nothing is known of what any of the former found, it is the one that read most scores.
    """
    scored = [group for group in groups if group.results]
    reading = [group for group in scored if parts.measured(group)]
    most = max(reading, key=lambda group: group.stat("evaluations")["mean"] or 0.0, default=None)
    return parts.best(reading, "accuracy") or most or parts.best(scored, "accuracy")


def finding(groups: Sequence[Group], quantity: Quantity, anchor: str) -> Finding | None:
    """The best search; ``None`` where nothing is known of what was found."""
    best = best_of(groups)
    if best is None:
        return None
    if best.stat("accuracy")["mean"] is None:
        return _unknown(best, groups, quantity, anchor)
    name = wording.title(best, groups)
    accuracy = wording.mean_cell(quantity.stat(best.stat("accuracy")), quantity.digits).text
    ranks = wording.spread(best.values("rank"))
    size = wording.spread(best.values("size"))
    told = f"{name} finds {quantity.metric} {accuracy} {quantity.unit}".rstrip()
    within = f" within {best.best_within}" if best.best_within else ""
    headline = f"{told}{f', rank {ranks} of {size}{within}' if ranks != wording.NONE else ''}."
    support = (
        _restored(best),
        _optimum(best, groups, quantity),
        _random(best, groups, quantity),
        _cost(best),
    )
    return Finding(HEADING, headline, tuple(filter(None, support)), _basis(best, groups), anchor)


def _basis(best: Group, groups: Sequence[Group]) -> str:
    methods = wording.counted(len([group for group in groups if group.results]), "method")
    seeds = wording.seeds(best.seeds)
    return f"{methods}, {seeds}, label {best.run.label}; ± is the deviation over seeds"


def _unknown(best: Group, groups: Sequence[Group], quantity: Quantity, anchor: str) -> Finding:
    """That of a search whose architecture the label has no figure for."""
    headline = f"{wording.title(best, groups)} finds an architecture whose {quantity.metric} nobody knows."
    known = parts.best([group for group in groups if group.results], "accuracy")
    other = ""
    if known is not None:
        accuracy = wording.mean_cell(quantity.stat(known.stat("accuracy")), quantity.digits).text
        other = f"Among what is known {known.method} finds {accuracy} {quantity.unit}".rstrip() + "."
    trained = "With truth=train it is trained here, at a small fidelity."
    return Finding(
        HEADING, headline, tuple(filter(None, (other, _cost(best), trained))), _basis(best, groups), anchor
    )


def _optimum(best: Group, groups: Sequence[Group], quantity: Quantity) -> str:
    optimum = best.stat("best_accuracy")["mean"]
    if optimum is None:
        return "The best of the space is unknown."
    regret = wording.mean_cell(best.stat("regret"), quantity.digits).text
    known = lookup.known_by(groups)
    within = f" within {best.best_within}" if best.best_within else ""
    told = f"The best that {known}{within} has {quantity.text(optimum)}: regret {regret} {quantity.points}"
    return f"{told.rstrip()}."


def _restored(best: Group) -> str:
    """What else restores the image that the search was about; nothing where it restored none."""
    if not best.stat("restoration.classical.psnr")["n"]:
        return ""
    classical, simple = (
        wording.mean_cell(best.stat(f"restoration.{name}.psnr"), 2).text for name in ("classical", "simple")
    )
    method = best.results[0].statistics["restoration"]["method"]
    return f"The classical deep image prior reaches {classical} dB, the simple method ({method}) {simple} dB."


def _random(best: Group, groups: Sequence[Group], quantity: Quantity) -> str:
    """Random search is told trained figures; so is what it found beside them."""
    random = next((each for each in groups if each.method == "random_search" and each.results), None)
    if random is None or random is best or random.stat("accuracy")["mean"] is None:
        return ""
    queries = wording.mean_cell(random.stat("table_queries"), 0, whole=True).text
    accuracy = wording.mean_cell(quantity.stat(random.stat("accuracy")), quantity.digits).text
    found = difference_over_seeds(*parts.shared_values(best, random, "accuracy"))
    told = parts.verdict(found, quantity.digits, f"paired over {wording.counted(found.n, 'seed')}")
    return (
        f"Random search, told {queries} trained figures: {accuracy} {quantity.unit} over "
        f"{wording.counted(len(random.seeds), 'seed')}; {told}."
    )


def _cost(best: Group) -> str:
    scores, queries = (
        wording.mean_cell(best.stat(name), 0, whole=True).text for name in ("evaluations", "table_queries")
    )
    seconds = [float(result.timing["seconds"]) for result in best.results if result.timing.get("seconds")]
    took = (
        f", and took {wording.number(sum(seconds) / len(seconds), 0)} s on the machine of these records"
        if seconds
        else ""
    )
    told = "no trained figure" if queries == "0" else f"{queries} trained figures"
    return f"It read {scores} scores and {told}{took}."
