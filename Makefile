PYTHON ?= python3
PRESET ?= quick
VENV := .venv
READY := $(VENV)/.ready
RUN := $(VENV)/bin/python

.PHONY: help setup bench report data test test-slow test-processors regress benchmark gpu lint docs picture
.DEFAULT_GOAL := help

help:
	@echo "make bench SPACE=nb201 [PRESET=quick|standard|paper] [SEEDS=0,1] [JOBS=2] [RESULTS=folder]"
	@echo "make report            write the reports again from the records in results/"
	@echo "make data              check the benchmark tables and say what each label means"
	@echo "make test | test-slow  the tests; test-slow goes through whole spaces"
	@echo "make test-processors   proxies, graphs and golden results as a processor without AVX-512 computes them"
	@echo "make regress           fresh results against the golden ones; [ACCEPT=reason] records what moved, [JOBS=2]"
	@echo "make benchmark         speed and memory of operation scores and proxies beside the usual way, 20 min on 2 cores"
	@echo "make gpu               proxies and scorers on a GPU held to the CPU's values, at most 8 min"
	@echo "make lint              style, import rules and types"
	@echo "make docs              the documentation as a site in site/, strictly: a link that leads nowhere is an error"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
		echo "harness: needs Python 3.11 to 3.13; $(PYTHON) is `$(PYTHON) -V 2>&1`: name another with PYTHON=python3.12." >&2; \
		exit 2; }
	@echo "Setting up $(VENV) (once; torch is a large download)"
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

bench: $(READY)
	@$(RUN) -m harness.cli.bench --space "$(SPACE)" --preset "$(PRESET)" --seeds "$(SEEDS)" --jobs "$(JOBS)" --results "$(RESULTS)"

report: $(READY)
	@$(RUN) -m harness.cli.report

data: $(READY)
	@$(RUN) -m harness.cli.tables verify
	@$(RUN) -m harness.cli.tables list

# Every worker, and every command that a test starts, would else compile all modules anew.
test: $(READY)
	@env -u PYTHONDONTWRITEBYTECODE $(RUN) -m pytest -q -n auto

test-slow: $(READY)
	@$(RUN) -m pytest -q -n auto -m slow

# What these test is the same whatever the processor computes with.
ON_ANY_PROCESSOR := $(patsubst %,--ignore=tests/unit/proxies/test_%.py,clock foreign isolation machine_failures \
	on_another_device registry released_counting)

# torch, oneDNN, MKL and Numba each choose by what the processor can do; all are told before torch is loaded.
test-processors: export ATEN_CPU_CAPABILITY = avx2
test-processors: export ONEDNN_MAX_CPU_ISA = AVX2
test-processors: export MKL_ENABLE_INSTRUCTIONS = AVX2
test-processors: export NUMBA_CPU_NAME = x86-64-v3
test-processors: $(READY)
	@$(RUN) -m pytest -q -n auto tests/unit/proxies tests/unit/graphs $(ON_ANY_PROCESSOR)
	@$(RUN) -m harness.cli.regress --jobs "$(JOBS)"

regress: $(READY)
	@$(RUN) -m harness.cli.regress --jobs "$(JOBS)" $(if $(filter undefined,$(origin ACCEPT)),,--accept='$(subst ','\'',$(ACCEPT))')

benchmark: $(READY)
	@$(RUN) -m tests.benchmarks.operation_scores
	@$(RUN) -m tests.benchmarks.proxies

gpu: $(READY)
	@$(RUN) -m tests.gpu.check

lint: $(READY)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/mypy

docs: export NO_MKDOCS_2_WARNING = 1
docs: $(READY)
	@$(VENV)/bin/mkdocs build --quiet --strict

# The picture of the README, from the records in docs/records.
picture: $(READY)
	@$(RUN) docs/_picture.py
