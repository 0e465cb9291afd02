# Everything a person types. `make demo` and `make test` work on a bare machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check format bench soak browser

help:
	@echo "make demo           set up, start everything, train and score a demo run, serve the result"
	@echo "make demo EXIT=1    the same, then stop; exit code 0 only if the run succeeded"
	@echo "make up             start Postgres, broker, site and worker on this machine"
	@echo "make test           all tests, against a real Postgres, broker and browser"
	@echo "make check          formatting, lint, types, import contracts, migrations"
	@echo "make format         rewrite files to the house style"
	@echo "make bench | soak   measurements and long fault tests; results in benchmarks/results"

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	$(BIN)/python manage.py demo $(if $(EXIT),--exit)

up: setup
	$(BIN)/python manage.py up

test: setup browser
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# Browser tests drive Debian's Chromium through Playwright, whose own program needs libatomic.
# Where neither can be installed they skip; on CI they fail.
browser:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		! { command -v chromium && ldconfig -p | grep -F libatomic.so.1; } >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends chromium libatomic1 >/dev/null; \
	fi

check: setup
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check .
	$(BIN)/djlint --check --lint --quiet templates
	$(BIN)/lint-imports --no-cache
	IWAKAN_SECRET_KEY=check $(BIN)/mypy webapp workers ml benchmarks
	IWAKAN_SECRET_KEY=check $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/pip check

format: setup
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --fix .
	$(BIN)/djlint --reformat --quiet templates

BENCHMARKS := loader contact_sheet import_speed score_storage evaluator bootstrap curve_payload compare_page scoring_memory scoring_speed
bench: setup
	for name in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$name || exit 1; done

soak: setup
	$(BIN)/python -m benchmarks.worker_kills
