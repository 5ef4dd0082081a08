# Daily commands. Needs Python 3.11 or newer and make; recipes use /bin/sh and Python only.
# PYTHON may name the Python to build .venv with; JOBS the number of parallel test processes.

SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY := .venv/bin/python
JOBS ?= auto
ARGS ?=

# soak: every fault and much volume; SOAK_SCALE (1 is all of it) and SOAK_SEED may be given. bench: how
# fast beside a bare loop.
.PHONY: demo demo-check stack test soak bench check clients lock screenshots setup image-dependencies image-product

demo: setup
	@$(PY) -m cli.main demo $(ARGS)

demo-check: setup
	@$(PY) -m cli.main demo --check $(ARGS)

stack: setup
	@$(PY) -m tools.stack $(ARGS)

test: setup
	@if [ "$$CI" = true ]; then $(PY) -m tools.clients; fi
	@$(PY) -m pytest -n $(JOBS) $(ARGS)

soak: setup
	@SOAK_SCALE=$${SOAK_SCALE:-1} $(PY) -m pytest -n 0 -s -v tests/soak $(ARGS)

bench: setup
	@$(PY) -m bench $(ARGS)

check: setup
	@$(PY) -m tools.check $(ARGS)

clients: setup
	@$(PY) -m tools.clients

lock: setup
	@$(PY) -m tools.lock $(ARGS)

screenshots: setup
	@$(PY) -m tools.screenshots $(ARGS)

setup:
	@"$(PYTHON)" tools/setup.py

# The Dockerfile's two steps, for any folder: make image-dependencies image-product PREFIX=/opt/broker
image-dependencies:
	@"$(PYTHON)" tools/image.py dependencies "$(PREFIX)"

image-product:
	@"$(PYTHON)" tools/image.py product "$(PREFIX)"
