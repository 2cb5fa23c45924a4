# The entry points: `make run`, `make test`, `make lint`, `make bench`. CI calls the same ones.
# Each makes its environment from `python3` alone; another Python: `make run PYTHON=python3.12`.

PYTHON ?= python3
ARGS ?=

# .venv-dev also finds the packages of this folder, so that `.venv-dev/bin/python scripts/train.py` works.
# An environment is ready when its stamp carries the checksum of Python's version and its requirements.
stamp = $(1)/.ready-$(shell { $(PYTHON) -V; cat $(2); } 2>&1 | cksum | tr ' ' '-')
RUN := $(call stamp,.venv,requirements/cpu.txt)
DEV := $(call stamp,.venv-dev,requirements/dev.txt)

PIP := -m pip install -qq --disable-pip-version-check --no-input --require-hashes
PYTHON_FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
LOCK = .venv-dev/bin/uv pip compile pyproject.toml --universal --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --fork-strategy fewest --quiet \
	--custom-compile-command "make lock" $(ARGS)

# Two processes of pytest; the tests of a file stay together and share what they start.
TOGETHER := -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run test test-all lint bench soak recipes compare dev lock clean python

help: ## Say what there is.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN) ## Serve the models in models/ on DRAGOMAN_HOST:DRAGOMAN_PORT (127.0.0.1:8000).
	@exec .venv/bin/python -m app

test: $(DEV) ## Run the tests in two processes, with the coverage gate; ARGS go to pytest.
	.venv-dev/bin/python -m pytest $(TOGETHER) --cov --cov-report=term-missing $(ARGS)

test-all: $(DEV) ## Run every test, every member of the model family among them; ARGS go to pytest.
	.venv-dev/bin/python -m pytest $(TOGETHER) -m "" $(ARGS)

lint: $(DEV) ## Check format, style, types, the directions of imports, containers.
	.venv-dev/bin/python -m ruff format --check .
	.venv-dev/bin/python -m ruff check .
	.venv-dev/bin/python -m mypy app client/dragoman_client scripts
	PYTHONPATH=. .venv-dev/bin/lint-imports
	.venv-dev/bin/hadolint Dockerfile
	.venv-dev/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

bench: $(DEV) ## Measure the service beside its peers, each in an environment of its own; ARGS go to scripts/bench.py.
	.venv-dev/bin/python scripts/bench.py $(ARGS)

soak: $(DEV) ## Disturb the service with 256 clients for ten minutes; ARGS go to scripts/soak.py.
	.venv-dev/bin/python scripts/soak.py $(ARGS)

recipes: $(DEV) ## Train every small recipe and print what it reached; ARGS go to scripts/experiments.py.
	.venv-dev/bin/python scripts/experiments.py $(ARGS)

compare: $(DEV) ## Train attentions and cells on the same pairs and compare them; ARGS go to scripts/compare.py.
	.venv-dev/bin/python scripts/compare.py $(ARGS)

dev: $(DEV) ## Make .venv-dev: tests, linters, training, benchmarks.

lock: $(DEV) ## Resolve requirements/*.txt again from pyproject.toml; ARGS=--upgrade for newer versions.
	$(LOCK) --extra cpu --group dev --output-file requirements/dev.txt
	$(LOCK) --extra cpu --constraints requirements/dev.txt --output-file requirements/cpu.txt
	$(LOCK) --extra gpu --constraints requirements/dev.txt --output-file requirements/gpu.txt
	$(LOCK) --extra cpu --group train --constraints requirements/dev.txt --output-file requirements/train.txt
	$(LOCK) --extra cpu --group bench --constraints requirements/dev.txt --output-file requirements/bench.txt
	$(LOCK) --extra cpu --group bench-litserve --constraints requirements/dev.txt --output-file requirements/bench-litserve.txt
	$(LOCK) --extra cpu --group bench-rayserve --constraints requirements/dev.txt --output-file requirements/bench-rayserve.txt
	$(LOCK) --group bench-ctranslate2 --constraints requirements/dev.txt --output-file requirements/bench-ctranslate2.txt

clean: ## Remove the environments and caches.
	rm -rf .venv .venv-dev .venv-bench-* .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist

# A Python that is too old must still understand this check.
python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "Dragoman needs Python 3.11, 3.12 or 3.13; there is no '$(PYTHON)' here." >&2; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c '$(PYTHON_FITS)' || { \
		echo "Dragoman needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) -V 2>&1)." >&2; \
		echo "Name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "'$(PYTHON)' lacks the module venv (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }

$(RUN): | python
	@echo "Installing requirements/cpu.txt into .venv (once; a minute or two)"
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python $(PIP) -r requirements/cpu.txt
	@touch $@

$(DEV): | python
	@echo "Installing requirements/dev.txt into .venv-dev (once; some minutes)"
	@$(PYTHON) -m venv --clear .venv-dev
	@.venv-dev/bin/python $(PIP) -r requirements/dev.txt
	@pwd > "$$(.venv-dev/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	@touch $@
