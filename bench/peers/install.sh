#!/usr/bin/env bash
# Gets the load generators that `npm run bench` compares with, one after the other and at low priority, into
# ${LOADSWARM_BENCH:-~/.cache/loadswarm-bench}/bin. With names as arguments, only those; what is there already stays.
# Needs apt-get for nginx, wrk, ab and h2load, Go for hey, vegeta and k6, Rust for oha, npm for autocannon and artillery,
# Python for locust. Versions are fixed here, so that figures of different days mean the same programs.
set -uo pipefail
root="${LOADSWARM_BENCH:-$HOME/.cache/loadswarm-bench}"
bin="$root/bin"
log="$root/install.log"
mkdir -p "$bin"
export PATH="$PATH:/usr/sbin" DEBIAN_FRONTEND=noninteractive
quietly() { nice -n 19 "$@" >>"$log" 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -E "$@"; fi; }

from_debian() { command -v "$1" >/dev/null || as_root nice -n 19 apt-get install -y -qq --no-install-recommends "$2" >>"$log" 2>&1; }

# Built in its own module, so that what it pins in go.mod counts.
from_go() {
  local dir
  [ -x "$bin/$1" ] && return
  quietly go mod download "$2@$3" || return
  dir="$(go mod download -json "$2@$3" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')"
  (cd "$dir" && quietly go build -p 1 -o "$bin/$1" .)
}

from_cargo() {
  [ -x "$bin/$1" ] || quietly cargo install --locked -j 1 --root "$root/$1" "$1@$2" && ln -sfn "$root/$1/bin/$1" "$bin/$1"
}

from_npm() {
  [ -x "$bin/$1" ] && return
  mkdir -p "$root/$1" && echo '{"private":true}' >"$root/$1/package.json"
  (cd "$root/$1" && quietly npm install --no-audit --no-fund --ignore-scripts --save-exact "$1@$2") &&
    ln -sfn "$root/$1/node_modules/.bin/$1" "$bin/$1"
}

from_python() {
  [ -x "$bin/$1" ] && return
  quietly python3 -m venv "$root/$1" && quietly "$root/$1/bin/pip" install -q "$1==$2" && ln -sfn "$root/$1/bin/$1" "$bin/$1"
}

get() {
  case "$1" in
    nginx | wrk) from_debian "$1" "$1" ;;
    ab) from_debian ab apache2-utils ;;
    h2load) from_debian h2load nghttp2-client ;;
    hey) from_go hey github.com/rakyll/hey v0.1.5 ;;
    vegeta) from_go vegeta github.com/tsenart/vegeta/v12 v12.12.0 ;;
    k6) from_go k6 go.k6.io/k6 v1.8.1 ;;
    oha) from_cargo oha 1.16.0 ;;
    autocannon) from_npm autocannon 9.0.0 ;;
    artillery) from_npm artillery 2.0.34 ;;
    locust) from_python locust 2.47.0 ;;
    *) echo "unknown: $1" >>"$log" && return 1 ;;
  esac
}

[ $# -gt 0 ] || set -- nginx wrk ab h2load hey vegeta autocannon locust artillery k6 oha
missing=0
for tool in "$@"; do
  if get "$tool"; then echo "$tool: here"; else echo "$tool: could not be installed, see $log" >&2; missing=1; fi
done
exit "$missing"
