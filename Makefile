# Everything a person does with this project. `make help` lists it; nothing has to be installed by hand.

PYTHON ?= python3
VENV ?= .venv
bin := $(VENV)/bin
install := $(bin)/python -m pip install --quiet --disable-pip-version-check
sources := src tests bench tools
clients := .clients
uv_version := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help serve test check format docs bench lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(VENV)/.server ## Install the server, start it, print its address, a key and a curl line that works
	@exec $(bin)/heliograph serve

test: $(VENV)/.dev $(clients)/.python $(clients)/.node ## Run every test; real browser, databases and client programs included (ARGS="-k name" for some)
	@tools/debian-packages chromium=chromium dot=graphviz $(shell cat tests/clients/debian-packages)
	$(bin)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder \
		--durations 15 --durations-min 10 $(ARGS)

check: $(VENV)/.dev ## Lint, formatting, types and import contracts
	$(bin)/ruff check $(sources)
	$(bin)/ruff format --check $(sources)
	$(bin)/mypy
	$(bin)/lint-imports

format: $(VENV)/.dev ## Put the sources into the project's form
	$(bin)/ruff check --fix $(sources)
	$(bin)/ruff format $(sources)

docs: $(VENV)/.dev ## Write the pages of docs that are made from the code
	$(bin)/python tools/document.py

bench: $(VENV)/.dev ## Measure against nginx and plain libvips, and print the table
	@tools/debian-packages nginx=nginx-light
	$(bin)/python -m bench $(ARGS)

lock: $(VENV)/.lock ## Pin the dependencies of pyproject.toml anew (LOCK=--upgrade for the newest)
	$(call compile,dev,)
	$(call compile,server,--constraints requirements/dev.txt)
	$(bin)/uv pip compile --quiet --no-header --universal --python-version 3.11 --generate-hashes $(LOCK) \
		requirements/clients.in --output-file requirements/clients.txt

clean: ## Remove what was installed and built; data is kept
	rm -rf $(VENV) $(clients) build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(sources) -name __pycache__ -type d -prune -exec rm -rf {} +

define compile
	$(bin)/uv pip compile --quiet --no-header --universal --python-version 3.11 --generate-hashes \
		--extra $(1) $(2) $(LOCK) pyproject.toml requirements/build.in --output-file requirements/$(1).txt
endef

# Stamps: an environment is touched only when what it is made from has changed.
$(bin)/pip:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || tools/debian-packages ensurepip=python3-venv
	$(PYTHON) -m venv $(VENV)

$(VENV)/.server: requirements/server.txt pyproject.toml | $(bin)/pip
	$(call install_pinned,server)
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(bin)/pip
	$(call install_pinned,dev)
	@touch $@ $(VENV)/.server

$(VENV)/.lock: Makefile | $(bin)/pip
	$(install) uv==$(uv_version)
	@touch $@

# Programs of others that the tests run, each kind in a place of its own.
$(clients)/.python: requirements/clients.txt | $(bin)/pip
	$(PYTHON) -m venv --clear $(clients)/python
	$(clients)/python/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(clients)/.node: tests/clients/package.json
	@tools/debian-packages npm=npm
	mkdir -p $(clients)/node && cp $< $(clients)/node/
	npm --prefix $(clients)/node install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

define install_pinned
	$(install) --require-hashes --requirement requirements/$(1).txt
	$(install) --no-deps --no-build-isolation --editable .
endef
