# Sets up what it needs in .venv, then does the work; nothing but Python 3.11+, pip and make is expected.
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)

.PHONY: run report test test-browser test-s3 test-spark cluster-test torture lint bench bench-clean bench-dedup bench-dedup-speed bench-engines bench-growth bench-metadata bench-names bench-pages bench-report bench-wire docs site clean

run: .venv/run.stamp
	@$(BIN)/copydesk run --in data/raw --out data/clean; status=$$?; \
	if [ $$status -eq 3 ]; then $(BIN)/copydesk rejects --out data/clean; exit 0; fi; exit $$status

report: .venv/run.stamp
	$(BIN)/copydesk report --out data/clean

test: .venv/dev.stamp
	$(BIN)/python -m pytest -q -n auto --dist worksteal

torture: .venv/dev.stamp
	$(BIN)/python -m benchmarks.torture

test-browser: .venv/browser.stamp
	$(BIN)/python -m pytest -q -m browser

test-spark: TESTS ?= tests/engines
test-spark: .venv/spark.stamp
	$(BIN)/python -m pytest -q -m spark $(TESTS)

cluster-test: .venv/spark.stamp .venv/s3.stamp
	$(BIN)/python -m pytest -q -m cluster tests/engines

test-s3: .venv/s3.stamp
	$(BIN)/python -m pytest -q tests/test_remote.py

lint: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench-clean bench-dedup bench-metadata bench-names bench-report bench-wire: bench-%: .venv/dev.stamp
	$(BIN)/python -m benchmarks.$*
	$(BIN)/python -m benchmarks.floors $*

bench-dedup-speed: .venv/dev.stamp
	$(BIN)/python -m benchmarks.dedup_speed
	$(BIN)/python -m benchmarks.floors dedup_speed

bench-clean bench-dedup bench-dedup-speed bench-names: .venv/bench.stamp

bench-engines: .venv/spark.stamp
	$(BIN)/python -m benchmarks.engines

bench: .venv/bench.stamp
	$(BIN)/python -m benchmarks.end_to_end
	$(BIN)/python -m benchmarks.floors end_to_end

bench-pages: .venv/bench.stamp
	$(BIN)/python -m benchmarks.end_to_end --pages
	$(BIN)/python -m benchmarks.floors pages

bench-growth: .venv/dev.stamp
	$(BIN)/python -m benchmarks.growth --whole
	$(BIN)/python -m benchmarks.floors growth

docs: .venv/dev.stamp
	$(BIN)/python -m docs.generate

site: .venv/site.stamp
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs site
	@echo "open site/index.html"

clean:
	rm -rf .venv data/clean site

.venv/bin/python:
ifdef UV
	$(UV) venv --quiet --seed --python $(PYTHON) .venv
else
	$(PYTHON) -m venv .venv
endif

.venv/run.stamp: requirements.lock pyproject.toml .venv/bin/python
	@echo "installing into .venv: a minute or two"
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	$(BIN)/python -m compileall -q pipeline
	touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python -r requirements-dev.lock
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
endif
	touch $@

.venv/browser.stamp .venv/spark.stamp .venv/s3.stamp .venv/bench.stamp: .venv/%.stamp: requirements-%.lock .venv/dev.stamp
	@echo "installing requirements-$*.lock"
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -r $<
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
endif
	touch $@

.venv/site.stamp: docs/requirements.lock .venv/dev.stamp
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python -r docs/requirements.lock
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r docs/requirements.lock
endif
	touch $@
