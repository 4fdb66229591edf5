# make run: pmtool on this machine · make test: every test · both install what they need into .venv first.

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,$(shell \
  $(name) -c 'import sys; print("$(name)") if (3, 11) <= sys.version_info < (3, 14) else None' 2>/dev/null)))
PY := .venv/bin/python
MO := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
# Modules are compiled once, whatever the shell says, not at each start of each process.
export PYTHONDONTWRITEBYTECODE :=
# One process more than the two processors most machines have at least: much of it is waiting.
# ROOMS="pricing policy": only these folders of tests/.
PYTEST_ARGS ?= -n 3 $(addprefix tests/,$(ROOMS))

.PHONY: setup setup-dev run test bench train vendor messages lock lint audit
.DEFAULT_GOAL := run

setup: requirements-installed $(MO)

setup-dev: requirements-dev-installed setup

# What was installed is kept as a checksum, not as a date: a fresh checkout of the same pins installs nothing.
.PHONY: requirements-installed requirements-dev-installed
requirements-dev-installed: requirements-installed
requirements-installed requirements-dev-installed: $(PY)
	@wanted="$$(cksum < $(@:-installed=.txt))"; \
	if [ "$$(cat .venv/$@ 2>/dev/null)" != "$$wanted" ]; then \
	  echo "Installing $(@:-installed=.txt) …"; \
	  $(PY) -m pip install --quiet --require-hashes -r $(@:-installed=.txt) && echo "$$wanted" > .venv/$@; \
	fi

$(PY):
	@if [ -z "$(PYTHON)" ]; then \
	  echo "pmtool needs Python 3.11, 3.12 or 3.13; none was found. Say which: make PYTHON=/path/to/python3.11" >&2; \
	  exit 1; \
	fi
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "pmtool needs Python 3.11, 3.12 or 3.13, not " + sys.version.split()[0] + ".")'
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is needed (on Debian: apt install python3-venv)." >&2; exit 1; }

# Babel leaves out entries marked fuzzy.
%.mo: %.po | requirements-installed
	@$(PY) -m babel.messages.frontend --quiet compile --input-file $< --output-file $@

run: setup
	@exec $(PY) -m pmtool.run

test: setup-dev
	@exec $(PY) -m pytest $(PYTEST_ARGS)

bench: setup
	@exec $(PY) -m benchmarks

# The model of stages and the centre of forecasts, each anew on simulated series: twenty minutes of a core.
train: setup
	$(PY) -m forecasting.engine.stages.train
	$(PY) -m forecasting.engine.train_centre

vendor: setup
	@exec $(PY) tools/vendor.py

# Texts from the source into locale/nl; needs gettext.
messages: setup
	@$(PY) manage.py makemessages --locale nl --no-obsolete --no-wrap --add-location file \
	  --ignore var --ignore tests --ignore static/vendor

lint: setup-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

# Known holes in what is pinned, asked of the advisories of PyPI; and a list of it all (CycloneDX) for auditors.
# Both tools only here, in passing.
audit: $(PY)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(PY) -m venv "$$folder" && \
	"$$folder/bin/pip" install --quiet pip-audit && \
	"$$folder/bin/pip-audit" --require-hashes --disable-pip --requirement requirements.txt

sbom.json: requirements.txt $(PY)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(PY) -m venv "$$folder" && \
	"$$folder/bin/pip" install --quiet cyclonedx-bom && \
	"$$folder/bin/cyclonedx-py" requirements requirements.txt --output-file $@

# The newest versions that fit together, for every supported Python, with hashes. uv only here, in passing.
lock: $(PY)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(PY) -m venv "$$folder" && \
	"$$folder/bin/pip" install --quiet uv && \
	for name in requirements requirements-dev; do \
	  UV_CUSTOM_COMPILE_COMMAND="make lock" "$$folder/bin/uv" pip compile --quiet --universal --python-version 3.11 \
	    --generate-hashes --upgrade $$name.in --output-file $$name.txt || exit 1; \
	done
