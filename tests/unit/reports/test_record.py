"""What a notebook shows of one record."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from xml.etree import ElementTree

import pytest

import harness

SMALL = {"space": "nbmacro", "fidelity": "tiny", "batch_size": 4}
ASKED = {
    "arch_correlation": {"proxy": "params", "overrides": ("task.population=12",)},
    "op_correlation": {"scorer": "best_acc"},
    "search": {"searcher": "random_search", "overrides": ("searcher.queries=3",)},
    "shrink": {"shrinker": "random_drop"},
}


@pytest.mark.parametrize("task", ASKED)
def test_headline_and_figure(task, tmp_path, drawn):
    settings = dict(ASKED[task])
    overrides = settings.pop("overrides", ())
    (record,) = harness.run(task, *overrides, **SMALL, **settings, results=tmp_path)
    assert repr(record) == (
        f"<Record {task} nbmacro cifar10_test_50 {record.run.method} seed=0: {record.headline}>"
    )
    shown = record._repr_html_()
    assert record.headline in shown
    assert str(record.path) in shown
    images = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)" alt="[^"]{10,}"', shown)
    assert len(images) == 1
    for image in images:
        assert ElementTree.fromstring(b64decode(image)).tag.endswith("svg")
    failed = replace(record, status="failed", reason="the disk is <full>")
    assert repr(failed).endswith(" seed=0: failed: the disk is <full>>")
    assert "failed: the disk is &lt;full&gt;" in failed._repr_html_()
    assert "<img" not in failed._repr_html_()


def test_a_record_whose_numbers_are_missing_still_has_a_name(tmp_path):
    (record,) = harness.run(
        "search", "searcher.queries=3", space="nbmacro", searcher="random_search", results=tmp_path
    )
    assert repr(replace(record, written_statistics={})).endswith(" random_search seed=0>")
