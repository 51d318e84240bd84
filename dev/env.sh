# shellcheck shell=bash
# The development environment: sourced by the scripts in this folder, which call use_environment or a part of it.
# Everything it makes lies outside the clone, in $XDG_CACHE_HOME/plc_mo_batch, and is shared by all clones.
set -euo pipefail
shopt -s inherit_errexit nullglob

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/plc_mo_batch
mkdir -p "$CACHE"/{conf,log,data/filestore}
CACHE=$(cd "$CACHE" && pwd -P)
FILESTORE=$CACHE/data/filestore

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

# need WHAT PACKAGE…: install Debian packages as root; another user is told which
need() {
    local what=$1; shift
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        die "$what is missing: install the package $* (this needs root), then try again."
    fi
    say "$what: installing $* …"
    logged apt apt_install "$@"
}

apt_install() {
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@")
    "${install[@]}" || { apt-get update && "${install[@]}"; }
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

use_python() {
    local found what='Python 3.10 to 3.13 with its venv module'
    found=$(probe_python) || { need "$what" python3-venv; found=$(probe_python) || die "$what was not found."; }
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

# --- Odoo -----------------------------------------------------------------------------------------------------------

use_odoo() {
    if [[ -n ${ODOO_BIN:-} ]]; then use_own_odoo; else use_packaged_odoo; fi
    export PYTHONPATH=$ODOO_PATH
}

# ODOO_BIN: odoo-bin of a source checkout, or the odoo of an installation (of which only the odoo package is taken)
use_own_odoo() {
    local dir candidate
    ODOO_SCRIPT=$(command -v -- "$ODOO_BIN") || die "ODOO_BIN is '$ODOO_BIN', which is no program that can be run."
    ODOO_SCRIPT=$(realpath "$ODOO_SCRIPT")
    dir=$(dirname "$ODOO_SCRIPT")
    for candidate in "$dir" "$dir"/../lib/python3*/{dist,site}-packages /usr/lib/python3/dist-packages; do
        [[ -f $candidate/odoo/release.py ]] || continue
        grep -q '^version_info = (19, 0,' "$candidate/odoo/release.py" || die "$ODOO_BIN is not an Odoo 19.0."
        ODOO_PATH=$(realpath "$candidate")
        ODOO_KEY="$ODOO_PATH $(git -C "$ODOO_PATH" rev-parse HEAD 2>/dev/null || true)"
        [[ $candidate == "$dir" ]] || link_odoo_package
        return
    done
    die "No odoo package was found beside $ODOO_BIN."
}

link_odoo_package() {
    local link
    link=$CACHE/odoo-$(hash <<<"$ODOO_PATH")
    mkdir -p "$link"
    ln -sfn "$ODOO_PATH/odoo" "$link/odoo"
    ODOO_PATH=$link
}

use_packaged_odoo() {
    local tree=$CACHE/odoo-19
    [[ -d $tree ]] || locked setup fetch_odoo "$tree"
    ODOO_SCRIPT=$tree/usr/bin/odoo
    ODOO_PATH=$tree/usr/lib/python3/dist-packages
    # shellcheck disable=SC2034
    ODOO_KEY=$(<"$tree/version")
}

# Debian's package of Odoo 19 is in unstable: unpacked, not installed, with the scripts and fonts that it links to.
fetch_odoo() {
    local tree=$1 part=$1.part uri key=/usr/share/keyrings/debian-archive-keyring.gpg deb
    [[ -d $tree ]] && return
    command -v apt-get >/dev/null || die "Odoo 19 is taken from a Debian package: set ODOO_BIN where there is no apt-get."
    say "Fetching Odoo 19 (122 MB, about a minute) …"
    rm -rf "$part"
    mkdir -p "$part"/{debs,tree,release/partial,sid/partial}
    local own=(apt-get) private=(-o Dir::Cache="$part" -o APT::Sandbox::User=root -o Acquire::Languages=none)
    if ! uri=$(debian_uri "${own[@]}") || ! download_debs "${own[@]}" "${private[@]}" -- fonts-font-awesome fonts-inconsolata; then
        own+=(-o Dir::State::Lists="$part/release" "${private[@]}")
        logged apt "${own[@]}" update
        uri=$(debian_uri "${own[@]}") || die "apt knows no Debian source, from which Odoo 19 could be taken: set ODOO_BIN."
        download_debs "${own[@]}" -- fonts-font-awesome fonts-inconsolata || die "fonts-font-awesome could not be downloaded."
    fi
    [[ -e $key ]] && key="[signed-by=$key] " || key=
    echo "deb $key$uri sid main" >"$part/sid.list"
    local sid=(apt-get -o Dir::Etc::SourceList="$part/sid.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$part/sid"
        -o APT::Default-Release=sid "${private[@]}")
    logged apt "${sid[@]}" update
    download_debs "${sid[@]}" -- odoo-19 libjs-jquery libjs-jquery-form libjs-underscore fonts-roboto-unhinted \
        fonts-montserrat fonts-ocr-b || die "Odoo 19 could not be downloaded: see $CACHE/log/download.log"
    for deb in "$part"/debs/*.deb; do dpkg-deb -x "$deb" "$part/tree"; done
    dpkg-deb -f "$part"/debs/odoo-19_*.deb Version >"$part/tree/version"
    # a script that Odoo's bundles name and Debian leaves out: without it every browser test ends with a console error
    install -D /dev/null "$part/tree/usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    mv "$part/tree" "$tree"
    rm -rf "$part"
}

# debian_uri APT…: the address of the machine's own Debian source (not of its security updates)
debian_uri() {
    # shellcheck disable=SC2016
    "$@" indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' 'Origin: Debian' \
        | awk '$2 == "Debian" && NF == 2 && !n++ { print $1 } END { exit !n }'
}

# download_debs APT… -- PACKAGE…
download_debs() {
    local apt=()
    while [[ $1 != -- ]]; do apt+=("$1"); shift; done
    shift
    (cd "$part/debs" && "${apt[@]}" download "$@") >"$CACHE/log/download.log" 2>&1
}

# --- PostgreSQL -----------------------------------------------------------------------------------------------------

# After find_postgres: the server that PGHOST names, or a cluster of our own that listens on a private socket only.
use_postgres() {
    if [[ -z $PG_PRIVATE ]]; then
        pg_isready -q -t 10 || die "The PostgreSQL server that PGHOST names ($PGHOST) does not answer."
        return
    fi
    exec 8>>"$CACHE/postgres.users"     # held, shared, by every dev command and by the Odoo that it becomes
    flock -s 8
    pg_isready -q && return
    PG_STARTED=1
    locked postgres start_cluster
    PGPORT=$(<"$PG_DIR/port")
}

find_postgres() {
    PG_BIN=$(find_pg_bin)
    if [[ -z $PG_BIN && -z ${PGHOST:-} ]]; then
        install_postgres
        PG_BIN=$(find_pg_bin)
    fi
    PATH=${PG_BIN:+$PG_BIN:}$PATH
    command -v psql >/dev/null || need "psql" postgresql-client
    PG_PRIVATE=
    [[ -z $PG_BIN ]] || place_cluster
    [[ -n ${PGHOST:-} && $PGHOST != "${PG_SOCKET:-}" ]] && return
    PG_PRIVATE=1
    unset PGHOSTADDR PGSERVICE PGDATABASE PGPASSWORD
    export PGHOST=$PG_SOCKET PGPORT PGUSER
    PGPORT=$(cat "$PG_DIR/port" 2>/dev/null || echo 5432)
    PGUSER=$(id -un)
    [[ $PGUSER != postgres ]] || PGUSER=odoo    # Odoo refuses to work as postgres
}

find_pg_bin() {
    local initdb
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    initdb=${initdb:-$(command -v initdb || true)}
    [[ -z $initdb ]] || dirname "$initdb"
}

# Debian's package would start a cluster of its own.
install_postgres() {
    local conf=/etc/postgresql-common/createcluster.conf status=0
    [[ $(id -u) == 0 ]] || need "PostgreSQL" postgresql
    need "PostgreSQL" postgresql-common
    cp -p "$conf" "$conf.plc"
    echo 'create_main_cluster = false' >>"$conf"
    (need "PostgreSQL" postgresql) || status=$?
    mv "$conf.plc" "$conf"
    return $status
}

# PostgreSQL refuses to run as root: it runs as the user postgres then, in a folder that this user can reach.
place_cluster() {
    local base=$CACHE
    PG_AS=() PG_OWNER=$(id -un)
    if [[ $(id -u) == 0 ]]; then
        PG_OWNER=postgres
        id postgres >/dev/null 2>&1 || PG_OWNER=nobody
        PG_AS=(setpriv "--reuid=$PG_OWNER" "--regid=$(id -g "$PG_OWNER")" --init-groups)
        "${PG_AS[@]}" test -x "$CACHE" || base=/var/lib/plc_mo_batch/$(hash <<<"$CACHE")
    fi
    PG_DIR=$base/postgresql-$("$PG_BIN/initdb" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    PG_SOCKET=$PG_DIR/socket
    (( ${#PG_SOCKET} <= 90 )) || PG_SOCKET=/tmp/plc_mo_batch-$(hash <<<"$PG_DIR")    # a socket's path has at most 107 bytes
}

as_postgres() { (cd / && exec "${PG_AS[@]}" "$@" 8>&-); }

# fsync is off (a crash of the machine may cost the cluster); synchronous_commit stays on for tests that kill -9 a client
start_cluster() {
    PGPORT=$(cat "$PG_DIR/port" 2>/dev/null || echo 5432)
    pg_isready -q && return
    [[ -e $PG_DIR/data ]] || make_cluster
    install -d -m 700 -o "$PG_OWNER" "$PG_SOCKET"
    [[ $(stat -c %U "$PG_SOCKET") == "$PG_OWNER" ]] || die "$PG_SOCKET belongs to another user."
    forget_dead_server
    PGPORT=$(free_port "$(cat "$PG_DIR/port" 2>/dev/null || echo 0)")
    echo "$PGPORT" >"$PG_DIR/port"
    logged pg_ctl as_postgres "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -l "$PG_DIR/log" -w -t 120 start -o "-p $PGPORT \
        -c unix_socket_directories='$PG_SOCKET' -c listen_addresses='' -c fsync=off -c synchronous_commit=on \
        -c max_connections=200 -c shared_buffers=256MB -c max_wal_size=4GB"
}

make_cluster() {
    local locale=C.UTF-8
    locale -a 2>/dev/null | grep -iE '^C\.utf-?8$' >/dev/null || locale=C
    say "Making a PostgreSQL cluster in $PG_DIR …"
    mkdir -p "$(dirname "$PG_DIR")"
    install -d -m 700 -o "$PG_OWNER" "$PG_DIR"
    rm -rf "$PG_DIR/data.part"
    logged initdb as_postgres "$PG_BIN/initdb" -D "$PG_DIR/data.part" -U "$PGUSER" -E UTF8 --locale=$locale \
        --auth-local=trust --auth-host=reject --no-sync
    mv "$PG_DIR/data.part" "$PG_DIR/data"
}

# After a machine was switched off, another process may have the number of the old server.
forget_dead_server() {
    local pid
    pid=$(head -n 1 "$PG_DIR/data/postmaster.pid" 2>/dev/null || true)
    [[ -z $pid || $(cat "/proc/$pid/comm" 2>/dev/null) == postgres ]] || rm -f "$PG_DIR/data/postmaster.pid" "$PG_SOCKET"/.s.*
}

# free_port PREFERRED: that one, or another if it is taken
free_port() {
    "$VENV/bin/python" - "$1" <<'END'
import socket, sys
for port in (int(sys.argv[1]), 0):
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(sock.getsockname()[1])
        break
END
}

stop_cluster() { logged pg_ctl as_postgres "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -m fast -w -t 120 stop; }

# At the end of a script: stop the cluster if this script started it and nobody else uses it.
release_postgres() {
    [[ -n ${PG_STARTED:-} ]] && flock -n 8 || return 0
    [[ $(sql "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") != 1 ]] || stop_cluster
}

# own_cluster NAME: a cluster beside the shared one that nobody else knows, for those who kill PostgreSQL's own processes.
# PGHOST and PGPORT name it from then on. One whose script is gone is removed: NAME ends with the script's process id.
own_cluster() {
    local old
    [[ -n $PG_BIN ]] || die "Killing PostgreSQL needs a cluster of one's own: install the server (package postgresql)."
    PG_BASE=${PG_DIR%/*}
    for old in "$PG_BASE"/own-*-[0-9]*; do
        [[ -d /proc/${old##*-} ]] || drop_own_cluster "$old"
    done
    unset PGHOSTADDR PGSERVICE PGDATABASE PGPASSWORD
    PG_DIR=$PG_BASE/own-$1 PG_PRIVATE=1
    PGHOST=/tmp/plc_mo_batch-$(hash <<<"$PG_DIR") PGPORT=5432 PGUSER=$(id -un)
    [[ $PGUSER != postgres ]] || PGUSER=odoo
    PG_SOCKET=$PGHOST
    export PGHOST PGPORT PGUSER
    start_cluster
}

# drop_own_cluster DIR
drop_own_cluster() {
    [[ ! -e $1/data/postmaster.pid ]] || as_postgres "$PG_BIN/pg_ctl" -D "$1/data" -m immediate -w -t 60 stop >&2 || true
    rm -rf "${1:?}" "/tmp/plc_mo_batch-$(hash <<<"$1")"
}

# --- Databases ------------------------------------------------------------------------------------------------------

sql() { psql -XAtq -v ON_ERROR_STOP=1 -d postgres -c "$1"; }

drop_database() {
    PGOPTIONS='-c client_min_messages=warning' dropdb --if-exists --force "$1"
    rm -rf "${FILESTORE:?}/$1"
}

# copy_database FROM TO: with the files, which Odoo never changes in place
copy_database() {
    createdb -T "$1" "$2"
    mkdir -p "$FILESTORE/$1"
    rm -rf "${FILESTORE:?}/$2"
    cp -al "$FILESTORE/$1" "$FILESTORE/$2" 2>/dev/null || { rm -rf "${FILESTORE:?}/$2"; cp -a "$FILESTORE/$1" "$FILESTORE/$2"; }
}

# on_own_cluster PROGRAM ARGUMENT…: a Python program beside a cluster of its own with a fresh database, which is named after it.
# Nothing is left of either; the program finds Odoo's configuration in ODOO_RC and its command in ODOO_SCRIPT.
on_own_cluster() {
    local program=$1 name status=0
    shift
    name=$(basename "$program" .py)
    database=plc_test_$$_$EPOCHSECONDS    # not local, the trap needs it; a name that dev/test cleans away, should this script be killed
    use_environment
    "$ROOT/dev/newdb" "$database" >&2
    pg_dump -Fc -Z0 -f "$CACHE/$database.dump" "$database"
    drop_database "$database"
    release_postgres
    exec 8>&-
    trap 'drop_own_cluster "$PG_DIR"; rm -rf "$CACHE/$database"*' EXIT
    trap 'kill -TERM "$child" 2>/dev/null || exit 143' INT TERM HUP
    own_cluster "$name-$$"
    createdb "$name"
    pg_restore --no-owner -d "$name" "$CACHE/$database.dump"
    ODOO_RC=$CACHE/$database.conf
    printf '%s\n' "[options]" "addons_path = $ROOT" "data_dir = $CACHE/$database.data" "http_interface = 127.0.0.1" \
        "db_host = $PGHOST" "db_port = $PGPORT" "db_user = $PGUSER" >"$ODOO_RC"
    export ODOO_RC ODOO_SCRIPT CACHE
    PATH=$VENV/bin:$PATH setpriv --pdeathsig TERM "$VENV/bin/python" "$program" "$@" &
    local child=$!
    wait "$child" || status=$?
    return "$status"
}

# --- All of it ------------------------------------------------------------------------------------------------------

use_environment() {
    find_postgres
    use_python
    use_odoo
    use_postgres
    write_config
}

# Odoo's own addons need no mention. Sub-commands read this file through ODOO_RC, too.
write_config() {
    local text
    text="[options]
addons_path = $ROOT
data_dir = $CACHE/data
http_interface = 127.0.0.1"
    [[ -z $PG_PRIVATE ]] || text+="
db_host = $PGHOST
db_port = $PGPORT
db_user = $PGUSER"
    ODOO_RC=$CACHE/conf/$(hash <<<"$ROOT").conf
    export ODOO_RC
    [[ $(cat "$ODOO_RC" 2>/dev/null) == "$text" ]] || { echo "$text" >"$ODOO_RC.$$"; mv "$ODOO_RC.$$" "$ODOO_RC"; }
}

run_odoo() { "$VENV/bin/python" "$ODOO_SCRIPT" "$@"; }

use_chromium() {
    local name
    for name in google-chrome chromium chromium-browser google-chrome-stable; do    # as Odoo looks for it
        command -v "$name" >/dev/null && return
    done
    need "Chromium (for the browser tests)" chromium
}
