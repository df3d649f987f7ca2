#!/usr/bin/env bash
# From a fresh Debian 12 to a trained implicit model and its report: installs what is missing, builds the program, runs
# the study of linear programs (minutes on 2 cores). Run again, it reuses what is done.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
scripts/build.sh release fathom fathom_commands
build/release/bin/fathom study lp --preset quick --out runs/demo --resume
echo
echo "report: runs/demo/report.html"
