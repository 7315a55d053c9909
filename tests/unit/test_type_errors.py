"""``python -m tests.type_errors``: a clean package stays clean, and no number grows."""

from __future__ import annotations

from tests.type_errors import beyond, by_package

OUTPUT = """\
harness/stats/paired.py:9: error: Incompatible types  [assignment]
harness/stats/paired.py:9: note: See more
harness/registry.py:3: error: Missing return statement  [return]
harness/proxies/snip.py:7: error: Need type annotation  [var-annotated]
harness/proxies/zico.py:8: error: Need type annotation  [var-annotated]
Found 4 errors in 4 files (checked 300 source files)
"""


def test_errors_are_counted_by_package():
    assert {name: len(lines) for name, lines in by_package(OUTPUT).items()} == {
        "stats": 1, "registry": 1, "proxies": 2,
    }  # fmt: skip


def test_a_clean_package_may_have_none_and_no_number_may_grow():
    errors = by_package(OUTPUT)
    assert not list(beyond(errors, {"stats": 1, "registry": 1, "proxies": 3}))
    assert list(beyond(errors, {"registry": 1, "proxies": 1})) == [
        "harness/proxies/snip.py:7: error: Need type annotation  [var-annotated]",
        "harness/proxies/zico.py:8: error: Need type annotation  [var-annotated]",
        "proxies: 2 errors of types, allowed are 1",
        "harness/stats/paired.py:9: error: Incompatible types  [assignment]",
        "stats: 1 errors of types, allowed are 0",
    ]
