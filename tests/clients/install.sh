#!/usr/bin/env bash
# Puts the witnesses under target/clients: Microsoft's Python clients and an engine for KQL in a virtual environment;
# their JavaScript client, Kusto language service, parser of models and storage emulator, and the driver of a browser, in
# node_modules. Quick when all are there already.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
clients="$here/../../target/clients"
mkdir -p "$clients"

# Each install leaves a copy of what it was asked for, written last: present and equal means complete and current.
if ! cmp -s "$here/requirements.txt" "$clients/venv/installed.txt"; then
    python3 -m venv --clear "$clients/venv"
    "$clients/venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$clients/venv/installed.txt"
fi

if ! cmp -s "$here/package-lock.json" "$clients/node_modules/installed.json"; then
    cp "$here/package.json" "$here/package-lock.json" "$clients/"
    npm ci --prefix "$clients" --no-audit --no-fund --loglevel=error
    cp "$here/package-lock.json" "$clients/node_modules/installed.json"
fi

# The browser itself comes from the system.
if [ ! -e "${CHROMIUM:-/usr/bin/chromium}" ] && [ ! -e /usr/bin/chromium-browser ] && [ ! -e /usr/bin/google-chrome ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium >/dev/null
    else
        echo "Chromium is not installed; without it the tests of the explorer's page are skipped." >&2
    fi
fi
