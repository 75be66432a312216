# Needs Python 3.10 or later, make and git; each target makes the virtual environment it uses.
# Another Python: `make demo PYTHON=python3.12`.
PYTHON ?= python3

DEMO := .venv-demo
TEST := .venv-test
# The stamps carry the name of the Python, so that another one makes the environment anew.
READY := ready-$(subst /,_,$(PYTHON))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two builds of the package at once would write the same files.
.NOTPARALLEL:
.PHONY: help demo test lint clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 8

demo: $(DEMO)/$(READY) ## run the example project and show what it would send to Sentry
	$(DEMO)/bin/python example_project/demo.py

test: $(TEST)/$(READY) ## run everything that CI runs, on every Python of the matrix found here
	$(TEST)/bin/python tools/run_tox.py $(TOX_ARGS)

lint: $(TEST)/$(READY) ## run the checks that need no tests: style, imports, types
	$(TEST)/bin/python -m tox run -e lint,types

clean: ## remove what the other targets made
	rm -rf $(DEMO) $(TEST) .tox build dist *.egg-info .coverage* .hypothesis .mypy_cache \
		.pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEMO)/$(READY): setup.cfg pyproject.toml tools/install_redis.py Makefile
	$(make_venv)
	$(@D)/bin/python -m pip install --quiet --editable '.[celery,redis]' 'celery[redis]' gunicorn uvicorn
	$(@D)/bin/python tools/install_redis.py
	@touch $@

$(TEST)/$(READY): Makefile
	$(make_venv)
	$(@D)/bin/python -m pip install --quiet 'tox>=4.30,<5'
	@touch $@

# Some systems ship venv without ensurepip, but with pip.
define make_venv
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	echo "Python 3.10 or later is needed; '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)" >&2; \
	echo "Name another one, for example: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
@echo "Making $(@D) with $$($(PYTHON) --version)"
@rm -rf $(@D)
@$(PYTHON) -m venv $(@D) >/dev/null || { $(PYTHON) -m venv --clear --without-pip $(@D) && \
	$(PYTHON) -m pip --python $(@D)/bin/python install --quiet pip; }
@$(@D)/bin/python -m pip install --quiet --upgrade pip
endef
