# shellcheck shell=bash
# The bootstrap, sourced by the scripts in this folder: finds a Python, creates its environment, and hands over to the package
# workshop beside this file, which does everything else. A fresh machine needs only bash, python3 and apt.
# Everything that it creates is outside the clone, in $XDG_CACHE_HOME/plc_mo_batch, and is shared by all clones.
set -euo pipefail
shopt -s inherit_errexit nullglob

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/plc_mo_batch
mkdir -p "$CACHE"/{conf,log,data/filestore}
CACHE=$(cd "$CACHE" && pwd -P)

say() { printf '%s\n' "$*" >&2; }
die() { say "Error: $*"; exit 1; }
hash() { sha256sum | cut -c1-12; }

# locked NAME COMMAND…: one clone at a time; the command itself does not inherit the lock
locked() {
    local name=$1; shift
    (
        flock -n 9 || { say "Waiting for another dev command ($name) …"; flock 9; }
        "$@" 9>&-
    ) 9>>"$CACHE/$name.lock"
}

# logged NAME COMMAND…: keep the output in a log, show its end if the command fails
logged() {
    local name=$1 log=$CACHE/log/$1.log; shift
    "$@" >"$log" 2>&1 </dev/null || { tail -n 25 "$log" >&2; die "$name failed, its output is in $log"; }
}


# --- Python ---------------------------------------------------------------------------------------------------------

PYTHON_PROBE='
import ensurepip, sys, venv
if not (3, 10) <= sys.version_info[:2] <= (3, 13):
    sys.exit("wrong version")
print(getattr(sys, "_base_executable", sys.executable), sys.base_prefix, "%d.%d" % sys.version_info[:2], sep="\t")'

probe_python() {
    local candidate
    for candidate in python3 python3.13 python3.12 python3.11 python3.10 /usr/bin/python3; do
        "$candidate" -c "$PYTHON_PROBE" 2>/dev/null && return
    done
    return 1
}

# install_venv WHAT: as root; another user is told
install_venv() {
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        die "$1 is missing: install the package python3-venv (this needs root), then try again."
    fi
    say "$1: installing python3-venv …"
    logged apt apt_install python3-venv
}

apt_install() {
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@")
    "${install[@]}" || { apt-get update && "${install[@]}"; }
}

use_python() {
    local found what='Python 3.10 to 3.13 with its venv module'
    found=$(probe_python) || { install_venv "$what"; found=$(probe_python) || die "$what was not found."; }
    BASE_PYTHON=${found%%$'\t'*}
    REQUIREMENTS=("$ROOT/requirements.txt" "$ROOT/dev/requirements-odoo.txt" "$ROOT/dev/requirements-test.txt")
    REQUIREMENTS_KEY=$({ echo "${found#*$'\t'}"; cat "${REQUIREMENTS[@]}"; } | hash)
    VENV=$CACHE/venv-$REQUIREMENTS_KEY
    [[ -x $VENV/bin/python && -e $VENV/complete ]] || locked setup make_venv
}

make_venv() {
    [[ -x $VENV/bin/python && -e $VENV/complete ]] && return
    say "Making the Python environment (about a minute) …"
    rm -rf "$VENV"
    logged venv "$BASE_PYTHON" -m venv "$VENV"
    logged pip "$VENV/bin/python" -m pip install --disable-pip-version-check "${REQUIREMENTS[@]/#/--requirement=}"
    touch "$VENV/complete"
}

# workshop COMMAND ARGUMENT…: becomes that command of the package (workshop/commands.py)
workshop() {
    use_python
    export PYTHONPATH=$ROOT/dev
    exec "$VENV/bin/python" -m workshop "$@"
}
