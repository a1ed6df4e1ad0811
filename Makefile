# Two commands do all set-up on a fresh machine: `make demo` and `make test`. Needs Python 3.11, git and make.
PYTHON ?= python3.11
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements/py311.txt
TESTS := $(BIN)/python -m pytest --numprocesses 2 --dist loadgroup
LEFT_OUT := not chromium and not postgresql and not java
PEERS := $(patsubst requirements/peers/%.txt,%,$(wildcard requirements/peers/*.txt))

.DEFAULT_GOAL := help
.PHONY: help demo backend test chromium-tests postgresql-tests java-tests peers lint types contracts docs docs-serve format torture notebooks reference-bundle clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

.venv/.created:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed; '$(PYTHON)' was not found. Set PYTHON=... to yours."; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.demo: .venv/.created pyproject.toml requirements/py311.txt
	$(INSTALL) --editable '.[batch,train,tracking,report]'
	@touch $@

.venv/.test: .venv/.created pyproject.toml requirements/py311.txt
	$(INSTALL) --editable '.[all,dev,docs]'
	@touch $@ .venv/.demo

demo: .venv/.demo  ## the main job end to end on real data, into output/demo
	$(BIN)/credit-risk demo --overwrite

backend: .venv/.test  ## the example lending backend on http://127.0.0.1:8000/docs
	$(BIN)/python -m uvicorn --app-dir examples/lending_backend app:app --host 127.0.0.1 --port 8000

test: .venv/.test  ## the whole suite that Python alone can run
	@echo "Left out here, run by .ci/run: tests marked 'chromium' (a real browser), 'postgresql' (a real server), 'java' (a real PMML evaluator, Spark)."
	$(TESTS) -m "$(LEFT_OUT)"

chromium-tests: .venv/.test  ## tests that open pages in headless Chromium; fail if it is absent
	CREDIT_RISK_REQUIRE_SERVICES=1 $(BIN)/python -m pytest -m chromium tests

postgresql-tests: .venv/.test  ## tests on a real PostgreSQL, started for them; fail if it is absent
	CREDIT_RISK_REQUIRE_SERVICES=1 .ci/with_postgresql $(BIN)/python -m pytest -m postgresql tests

java-tests: .venv/.test .peers/pmml/.created .peers/spark/.created  ## the card in a real PMML evaluator and in Spark; fail if Java is absent
	CREDIT_RISK_REQUIRE_SERVICES=1 $(BIN)/python -m pytest -m java tests

.peers/%/.created: requirements/peers/%.txt
	$(PYTHON) -m venv .peers/$*
	.peers/$*/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

peers: $(PEERS:%=.peers/%/.created)  ## environments of the peers, then their fixtures with versions
	$(foreach script,$(wildcard tests/peers/write_*.py),.peers/$$(sed -n 's/^ENVIRONMENT = "\(.*\)"$$/\1/p' $(script))/bin/python $(script) &&) true

lint: .venv/.test  ## style
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/ruff format --check src tests benchmarks examples

types: .venv/.test  ## mypy strict on src
	$(BIN)/mypy

contracts: .venv/.test  ## who may import whom
	$(BIN)/lint-imports

docs: .venv/.test  ## the documentation, strictly, into output/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

docs-serve: .venv/.test  ## the documentation on http://127.0.0.1:8001 while you write
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --dev-addr 127.0.0.1:8001

format: .venv/.test  ## write the agreed style
	$(BIN)/ruff check --fix src tests benchmarks examples
	$(BIN)/ruff format src tests benchmarks examples

torture: .venv/.test  ## property tests at full counts (hours)
	HYPOTHESIS_PROFILE=torture $(TESTS) --timeout=0 tests/properties tests/parity

reference-bundle: .venv/.demo  ## rebuild models/uci-reference and its golden decisions from the main job
	$(BIN)/credit-risk demo --overwrite --no-tracking --output output/reference
	rm -rf models/uci-reference
	cp -r output/reference/bundle models/uci-reference
	$(BIN)/python tests/golden/write_reference_decisions.py

clean:  ## remove what the commands made
	rm -rf output .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
