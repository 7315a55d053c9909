"""Every task says the same kind of things of itself."""

import subprocess
import sys

import pytest

from harness import groups, registry, tasks


@pytest.mark.parametrize("name", tasks.names())
def test_a_task_has_its_file_s_name_a_runner_and_tables(name):
    task = tasks.load(name)
    assert task.name == name
    assert task.title
    assert groups.names(task.group)
    assert registry.is_own("harness.runners", name)
    assert registry.is_own("harness.reports.tables", name)


@pytest.mark.parametrize("name", tasks.names())
def test_what_names_rows_and_what_is_shared_are_columns(name):
    task = tasks.load(name)
    assert {*task.row_key, *task.shared} <= set(task.columns)
    assert set(task.baselines) <= set(task.shared)


def test_a_record_s_task_that_is_not_installed_has_a_name_alone():
    task = tasks.of_record("prune")
    assert (task.name, task.shared, task.ranking, task.statistics({})) == ("prune", (), None, {})
    assert tasks.of_record("search") is tasks.load("search")


def test_tasks_are_described_without_torch_or_scipy():
    code = (
        "import sys; from harness import tasks; [tasks.load(name) for name in tasks.names()]; "
        "sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
