# From a fresh clone: `make run` serves the portal, `make test` tests it. Needs Python 3.11 or newer.

UV := 0.13.9
PY := .venv/bin/python
STANDALONE := $(PY) -m portal.standalone
# One more than two cores: who tests the whole portal at work waits for it most of the time.
JOBS ?= 3

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check lint types imports templates django bench messages format manage clean
.PHONY: env-run env-test env-check env-bench

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: env-run ## serve the portal at http://127.0.0.1:8000/ until Ctrl-C (PORT=8001: elsewhere)
	@exec $(STANDALONE) run

test: env-test ## the whole test suite (ARGS="tests/portal -k name": part of it; JOBS=4: on four cores)
	@exec env PYTHONDONTWRITEBYTECODE= $(STANDALONE) exec -- $(PY) -m pytest --numprocesses $(JOBS) --dist loadscope $(ARGS)

check: lint types imports templates django ## style, types, imports, templates, migrations, deployment

lint: env-check ## ruff
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: env-check ## mypy, strict
	DEBUG=1 $(PY) -m mypy

imports: env-check ## which app may import which
	@$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

templates: env-check ## djlint
	$(PY) -m djlint --lint --quiet templates

django: env-check ## missing migrations, settings of production
	$(STANDALONE) exec --data var/check -- $(PY) manage.py makemigrations --check --dry-run
	DEBUG=0 $(STANDALONE) exec --data var/check -- $(PY) manage.py check --deploy --fail-level WARNING

bench: env-bench ## measure against floors taken in the same run; writes var/bench.json
	@exec $(STANDALONE) exec --keep --data var/bench -- $(PY) -m bench $(ARGS)

messages: env-run ## collect the texts to translate into locale/vi
	@sh -euc "$$functions packages gettext:xgettext"
	DEBUG=1 $(PY) manage.py makemessages --locale vi --no-location --ignore .venv --ignore var

format: env-check ## put the code into the house's form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

manage: env-run ## one command of Django on the data of `make run` (ARGS="command --option")
	@exec $(STANDALONE) exec --keep -- $(PY) manage.py $(ARGS)

clean: ## remove the environment and what tests left; keeps the portal's data
	rm -rf .venv var/test var/check var/bench

env-run:
	@sh -euc "$$functions environment run embedded"

env-test:
	@sh -euc "$$functions environment test embedded test; packages chromium:chromium poppler-utils:pdftoppm"

env-check:
	@sh -euc "$$functions environment check dev"

env-bench:
	@sh -euc "$$functions environment bench embedded test bench; \
	    packages libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"

# What an interrupted attempt left half done is found by trying it, not by its being there.
define functions
fail() { echo "$$*" >&2; exit 1; }

# environment NAME GROUP...: .venv holds the packages of uv.lock and of those groups.
environment() {
    name=$$1; shift
    .venv/bin/python -c "import sys, uv; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || make_venv
    wanted=$$(cksum <uv.lock)
    [ "$$(cat ".venv/$$name.synced" 2>/dev/null)" = "$$wanted" ] && return
    echo "Installing the packages of uv.lock ($$*) ..."
    for group; do shift; set -- "$$@" --group "$$group"; done
    [ -w "$${HOME:-/dev/null/}" ] || export UV_CACHE_DIR=.venv/cache
    sync "$$@" || sync --system-certs "$$@" || fail "The packages could not be installed: see above."
    echo "$$wanted" >".venv/$$name.synced"
}

# Behind a company's proxy only the certificates of the system do.
sync() {
    env -u VIRTUAL_ENV -u UV_PYTHON UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON_DOWNLOADS=never \
        .venv/bin/python -m uv sync --frozen --inexact --no-default-groups --python .venv/bin/python "$$@"
}

make_venv() {
    rm -f .venv/*.synced
    if ! .venv/bin/python -c "import pip, sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then
        find_python || { [ "$$(id -u)" = 0 ] && packages python3 python3-venv && find_python; } ||
            fail "Python 3.11 or newer is needed and not found: install it, or name it with PYTHON=/path/to/python3."
        "$$python" -c "import ensurepip" 2>/dev/null || [ "$$(id -u)" != 0 ] || packages python3-venv
        "$$python" -c "import ensurepip" 2>/dev/null ||
            fail "Python's venv is missing: run sudo apt-get install python3-venv, or what your system calls it."
        echo "Making .venv with $$("$$python" -V) ..."
        "$$python" -m venv --clear .venv
    fi
    PIP_USER=0 .venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
}

find_python() {
    for python in "$${PYTHON:-python3}" python3 python3.11 python3.12 python3.13 python3.14; do
        "$$python" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && return
    done
    return 1
}

# packages NAME[:PROGRAM]...: root gets what is missing of Debian's packages, anybody else its names.
packages() {
    missing=
    for package; do
        case $$(dpkg-query -W -f "\$${db:Status-Status}" "$${package%:*}" 2>/dev/null || :) in
            installed) ;;
            "" | not-installed | config-files)
                case $$package in *:*) command -v "$${package#*:}" >/dev/null && continue ;; esac
                missing="$$missing $${package%:*}" ;;
            *) missing="$$missing $${package%:*}" ;;
        esac
    done
    [ "$$missing" ] || return 0
    if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "Run sudo apt-get install$$missing: until then what needs it is skipped." >&2
        return
    fi
    echo "Installing$$missing ..."
    mkdir -p var/log
    install_missing >var/log/apt.log 2>&1 </dev/null ||
        echo "Could not install$$missing, see var/log/apt.log: what needs it is skipped." >&2
}

install_missing() {
    export DEBIAN_FRONTEND=noninteractive
    get="apt-get -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::http::Timeout=30"
    dpkg --configure -a || :
    $$get install --no-install-recommends $$missing && return
    $$get update || :
    $$get install --no-install-recommends $$missing
}

endef
export functions
