# Needs Python 3.11 or newer and make. `make test` also uses Node.js and Chromium when they are there, and says what it
# skipped, and why, when they are not.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
DEMO := $(VENV)/.installed-demo
DEVELOPMENT := $(VENV)/.installed-development
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))
NODE := $(if $(shell command -v npm),node_modules/.package-lock.json,without-node)
# Some tests wait more than they work: three at a time keep two processors busy.
WORKERS ?= 3
# The suite starts many processes. Whoever forbids Python to keep what it compiled lets each of them compile all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo install test prove bench lint messages screenshot without-node

# Everything on one machine: the site, its worker and the sandbox wallets. Ctrl-C ends all of it.
demo: $(DEMO) $(CATALOGUES)
	$(PY) manage.py demo

# What the other targets install when it is missing, without doing anything with it.
install: $(DEVELOPMENT) $(CATALOGUES) $(NODE)

# The suite, on SQLite or on the database that DATABASE_URL names. TESTS narrows it.
test: $(DEVELOPMENT) $(CATALOGUES) $(NODE)
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup -rs $(TESTS)

# What takes longer than anybody wants to wait: every crash point, processes that meet or are killed, four hundred flows in
# a hostile world, every kind of odd answer and address, who may do what on every page, every page for everybody, all of
# the browser's stories in both languages, the demo, an upgrade; and secrets, looked for on every page and in every byte.
prove: $(DEVELOPMENT) $(CATALOGUES)
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup -m prove -rs $(or $(TESTS),$(shell grep -rl --include='test_*.py' mark.prove tests))

bench: $(DEVELOPMENT) $(CATALOGUES) $(NODE)
	$(PY) -m pytest -p no:xdist -rs -s --override-ini "python_files=bench_*.py" tests/bench

lint: $(DEVELOPMENT) $(CATALOGUES)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy .
	$(PY) -m tests.manage makemigrations --check --dry-run
	rm -rf var/lint && $(PY) -m tests.manage make_checkpoint_key var/lint/key.pem
	ENVIRONMENT=production BASE_URL=https://pay.example.org LEDGER_CHECKPOINT_KEY_FILE=var/lint/key.pem \
		LEDGER_CHECKPOINT_DIR=var/lint/checkpoints EMAIL_URL=submission://mail.example.org \
		$(PY) -m tests.manage check --deploy --fail-level WARNING

# Brings the catalogues up to date with the texts in code and templates. New texts wait there for a translation.
messages: $(DEVELOPMENT)
	$(PY) -m backoffice.catalogue update

# The README's pictures, of a demo that is made for them. Uses Chromium.
screenshot: $(DEVELOPMENT) $(CATALOGUES)
	$(PY) -m tests.browser.readme_picture

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name it like this: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(DEMO): requirements-demo.txt | $(PY)
	$(PIP) install --require-hashes -r requirements-demo.txt
	@touch $@

$(DEVELOPMENT): requirements-dev.txt | $(PY)
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@ $(DEMO)

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --silent
	@touch $@

without-node:
	@echo "npm was not found: the tests against the official Open Payments packages, and those of accessibility, are skipped."

%.mo: %.po | $(DEMO)
	$(PY) -m backoffice.catalogue compile
