# Everything a person types. `make demo` and `make test` work on a bare machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# For what reads the settings and serves nobody.
NO_SECRET := checks-only-and-long-enough-for-a-key

# Compiled files are kept even where the environment says otherwise: tests start Python many times.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo up clean test check format bench soak browser

help:
	@echo "make demo           set up, start everything, train and score a demo run, serve the result"
	@echo "make demo EXIT=1    the same, then stop; exit code 0 only if the run succeeded"
	@echo "make up             start Postgres, broker, site and worker on this machine"
	@echo "make up PORT=8123   the same at another port than 8000; PORT works with demo, too"
	@echo "make clean          remove the embedded database and all that refers to it; asks first"
	@echo "make test           the tests but for the longest, against a real Postgres, broker and browser"
	@echo "make check          formatting, lint, types, import contracts, migrations"
	@echo "make format         rewrite files to the house style"
	@echo "make bench | soak   measurements and long fault tests; results in benchmarks/results"

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Setting up, 1 of 2: an environment for Python in $(VENV) (some seconds)"
	@$(PYTHON) -m venv $(VENV)
	@echo "Setting up, 2 of 2: $$(grep -c == constraints.txt) packages with torch: 2 GB on disk and one to five minutes,"
	@echo "  more with PyPI's CUDA build of torch (see README). pip says how far it is;"
	@echo "  after its line \"Installing collected packages\" it is silent for about a minute"
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	@$(BIN)/python manage.py demo $(if $(PORT),--port $(PORT)) $(if $(EXIT),--exit)

up: setup
	@$(BIN)/python manage.py up $(if $(PORT),--port $(PORT))

clean: setup
	@$(BIN)/python manage.py remove_data $(if $(YES),--no-input)

test: setup browser
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

# Browser tests drive Debian's Chromium through Playwright, whose own program needs libatomic.
# Where neither can be installed they skip; on CI they fail.
browser:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		! { command -v chromium && ldconfig -p | grep -F libatomic.so.1; } >/dev/null; then \
		echo "Installing Chromium for the browser tests with apt-get: about 100 MB, a minute or two"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends chromium libatomic1 >/dev/null; \
	fi

check: setup
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check .
	$(BIN)/djlint --check --lint --quiet templates
	$(BIN)/lint-imports --no-cache
	IWAKAN_SECRET_KEY=$(NO_SECRET) $(BIN)/mypy webapp workers ml benchmarks
	IWAKAN_SECRET_KEY=$(NO_SECRET) $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/pip check

format: setup
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --fix .
	$(BIN)/djlint --reformat --quiet templates

BENCHMARKS := door loader bag_loader weak_training lstm contact_sheet import_speed score_storage evaluator bootstrap curve_payload compare_page scoring_memory scoring_speed clips clip_training backbone extraction_memory walls
bench: setup
	for name in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$name || exit 1; done

soak: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile -m soak
	$(BIN)/python -m pytest -n 2 --dist loadfile -m hypothesis --hypothesis-profile thorough
	$(BIN)/python -m benchmarks.worker_kills
