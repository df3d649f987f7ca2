#!/usr/bin/env bash
# Configures and builds: scripts/build.sh PRESET [TARGET...]. As many jobs as cores, and as memory holds (1.3 GB each).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=${1:?usage: scripts/build.sh PRESET [TARGET...]}
shift

jobs_that_fit() {
  local available_kb cores fit
  available_kb=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  cores=$(nproc)
  fit=$((available_kb / 1300000))
  if [ "$fit" -lt 1 ]; then fit=1; fi
  echo $((fit < cores ? fit : cores))
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset "$preset" >"$log" || { cat "$log" >&2; exit 1; }
cmake --build --preset "$preset" --parallel "$(jobs_that_fit)" ${1:+--target "$@"}
