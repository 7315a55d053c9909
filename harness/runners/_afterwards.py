"""What searchers find inside a shrunk space, compared with the whole one at equal budgets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness import evidence, groups, searchers
from harness.evidence import Evidence, Method
from harness.runners._quality import quality
from harness.runs.config import Progress
from harness.runs.context import Context
from harness.spaces import Mask
from harness.tasks.shrink import THEN


class Afterwards:
    """The searches that a run of ``shrink`` makes in the end, as its task's settings say.

    Parameters
    ----------
    context
        The run's.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._asked = groups.settings("task", context.config.task)

    def settings(self) -> dict[str, Any]:
        """What can change the numbers; nothing where nothing is searched."""
        if not THEN[self._asked["then"]]:
            return {}
        told = {each.name: each.settings() for each in self._searches(0)}
        text = json.dumps(told, sort_keys=True)
        return {
            "then": self._asked["then"],
            "then_queries": self._asked["queries"],
            "then_settings": hashlib.sha256(text.encode()).hexdigest(),
        }

    def found(self, mask: Mask, queries: int, progress: Progress) -> dict[str, dict[str, object]]:
        """By searcher what it finds: accuracy and rank under the run's label.

        ``left`` in the space that ``mask`` leaves; ``whole`` in the whole space with the same budget; of
        those that pay in queries also ``whole_at_total``, with the ``queries`` that the shrinker paid on
        top.
        """
        inside = self._context.truth.within(mask)
        if not THEN[self._asked["then"]] or not inside.size:
            return {}
        found: dict[str, dict[str, object]] = {}
        for search in self._searches(0):
            search.population = inside
            found[search.name] = {"left": self._accuracy(search, progress)}
        for search in self._searches(0):
            found[search.name]["whole"] = self._accuracy(search, progress)
        for search in self._searches(queries):
            if search.method.evidence == "queries":
                found[search.name]["whole_at_total"] = self._accuracy(search, progress)
        return found

    def _searches(self, more: int) -> Iterator[Evidence]:
        """The searchers, each with ``more`` queries than its budget, where it pays in these."""
        budget = {**self._asked, "queries": self._asked["queries"] + more}
        for name in THEN[self._asked["then"]]:
            method = Method("searcher", name, searchers.load(name))
            defaults: Mapping[str, Any] = {key: each.default for key, each in method.module.OPTIONS.items()}
            own = {key: budget.get(key, default) for key, default in defaults.items()}
            if "variant" in own:
                own["variant"] = self._context.config.variant
            yield from evidence.load(method.evidence).of(self._context, method, own)

    def _accuracy(self, search: Evidence, progress: Progress) -> dict[str, object]:
        found = search.method.module.search(search.open(progress), search.options)
        judged = quality(self._context, found.arch)
        return {name: judged[name] for name in ("accuracy", "rank")} | search.spent()
