"""Parsers fed with whatever comes: what they give back is right, or they say in one sentence why not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import spaces
from harness.cli._compose import composing, expanded, run_config
from harness.cli._sentence import guarded
from harness.errors import ConfigError, HarnessError, UnknownNameError

QUICK = settings(max_examples=100, deadline=None, derandomize=True)
WORDS = [
    "|",
    "~",
    "+",
    "nor_conv_3x3",
    "none",
    "skip_connect",
    "0",
    "1",
    "2",
    "(",
    ")",
    ",",
    ";",
    "=",
    " ",
    "conv3x3-bn-relu",
]
TEXTS = st.text(max_size=40) | st.lists(st.sampled_from(WORDS), max_size=25).map("".join)


@pytest.mark.parametrize("name", spaces.names())
@QUICK
@given(index=st.integers(0, 10**9), data=st.data())
def test_architectures_are_parsed_as_they_are_written_and_nothing_else(name, index, data):
    space = spaces.load(name)
    listed = space.listing()
    arch = listed[index % len(listed)] if listed else space.sample(np.random.default_rng(index))
    written = space.format(arch)
    assert space.parse(written) == arch
    cut = data.draw(st.integers(0, len(written)))
    for text in (data.draw(TEXTS), written[:cut] + data.draw(TEXTS) + written[cut:]):
        try:
            parsed = space.parse(text)
        except (ConfigError, UnknownNameError) as error:
            assert "\n" not in str(error), "one sentence"  # noqa: PT017
            continue
        space.validate(parsed)
        assert space.parse(space.format(parsed)) == parsed


KEYS = [
    "seed", "space", "proxy", "proxy.names", "task.population", "batch_size", "searcher.order", "label",
    "time_limit", "hydra.run.dir", "hydra/launcher", "input.folder", "results", "threads", "device",
    "dry_run",
]  # fmt: skip
VALUES = [
    "0", "-1", "1.5", "nan", "[nwot]", "{a:1}", "null", "true", "'", '"', "${oc.env:HOME}", "${label}",
    "glob(*)", "choice(1,2)", "range(1,3)", "interval(0,1)", "[[1]]", "{_target_:os.system}", "1e400",
    "9" * 30, "?", "???",
]  # fmt: skip
OVERRIDES = st.text(max_size=15) | st.tuples(
    st.sampled_from(KEYS), st.sampled_from(["=", "", "=="]), st.sampled_from(VALUES) | st.text(max_size=8)
).map("".join)


@QUICK
@given(st.lists(OVERRIDES, min_size=1, max_size=2))
def test_any_override_makes_a_config_or_one_sentence(capsys_each, overrides):
    def verb() -> int:
        with composing():
            for job in expanded(overrides)[:2]:
                run_config(job)
        return 0

    code, told = capsys_each(verb)
    assert code in (0, 2)
    assert (code == 0) == (told == ""), told
    if code:
        assert told.startswith("harness: ")
        assert told.count("\n") == 1, told


@pytest.fixture(scope="module")
def capsys_each():
    """Exit code and stderr of a verb; the fixture of pytest would be shared by all examples."""
    import contextlib
    import io

    def run(verb):
        told = io.StringIO()
        with contextlib.redirect_stderr(told):
            code = guarded(verb)
        return code, told.getvalue()

    return run


@pytest.mark.parametrize(
    "override",
    ["+proxy._target_=os.mkdir", "proxy._target_=os.mkdir", "searcher._target_=os.mkdir",
     "task={_target_:os.mkdir,name:search}", "proxy.names=[{_target_:os.mkdir,path:x}]",
     "space={name:nb201,_target_:os.mkdir}", "input.folder.x._target_=a"],
)  # fmt: skip
def test_what_would_instantiate_is_refused(override):
    with composing(), pytest.raises((HarnessError, Exception)) as caught:
        run_config(expanded([override])[0])
    assert isinstance(caught.value, HarnessError) or type(caught.value).__module__.startswith(
        ("hydra", "omegaconf")
    )
