#!/usr/bin/env bash
# Runs a page test: run.sh dashboard.mjs | axe.mjs | speed.mjs. Its npm packages come by the lock file, into the cache; --prepare does only that.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
modules=${PADDOCK_CACHE:-$HOME/.cache/paddock}/web-tests
mkdir -p "$modules"
exec 9>"$modules/busy"; flock 9
# Not in scripts/packages.test: where node is not Debian's, npm came with it and Debian's cannot be installed.
command -v npm >/dev/null || apt-get -qq -y --no-install-recommends install npm >/dev/null
if ! cmp -s "$here/package-lock.json" "$modules/package-lock.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$modules/"
  (cd "$modules" && npm ci --silent --ignore-scripts) || { rm -f "$modules/package-lock.json"; exit 1; }
fi
flock -u 9
[ "$1" = --prepare ] && exit 0
exec env WEB_TEST_MODULES="$modules" node "$here/$1" "${@:2}"
