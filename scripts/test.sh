#!/usr/bin/env bash
# Installs what is missing, builds everything, runs every test. The closing lines are ctest's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
scripts/build.sh release
exec ctest --preset release --parallel "$(nproc)"
