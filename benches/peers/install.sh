#!/usr/bin/env bash
# Puts the peers under target/peers: the Node.js handler with Microsoft's SDK in node_modules, the Python one with a
# virtual environment. Quick when all are there already.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
peers="$here/../../target/peers"
mkdir -p "$peers/node" "$peers/python"

# Each install leaves a copy of what it was asked for, written last: present and equal means complete and current.
if ! cmp -s "$here/requirements.txt" "$peers/python/installed.txt"; then
    python3 -m venv --clear "$peers/python/venv"
    "$peers/python/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$peers/python/installed.txt"
fi

if ! cmp -s "$here/package-lock.json" "$peers/node/installed.json"; then
    cp "$here/package.json" "$here/package-lock.json" "$peers/node/"
    npm ci --prefix "$peers/node" --no-audit --no-fund --loglevel=error
    cp "$here/package-lock.json" "$peers/node/installed.json"
fi

# A handler finds its packages in the folder that it is in, so it is put beside them.
cp "$here"/*.mjs "$peers/node/"
cp "$here"/*.py "$peers/python/"
