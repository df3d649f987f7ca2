#!/usr/bin/env bash
# Installs what Fathom needs from Debian 12, if it is missing: apt-get, with sudo when not root. Says what it installs.
# Safe to run again: with everything in place it prints one line and changes nothing.
set -euo pipefail

# package: what it is for (docs/dependencies.md says more)
needed=$(sed 's/ *#.*//; /^$/d' <<'LIST'
g++                     # the compiler (12 or newer)
cmake                   # the build's description
ninja-build             # the build's runner
pkg-config              # finds Clp and libzip
git                     # the commit that a run's record names
ccache                  # a second build costs seconds
mold                    # links in a second what ld links in ten
libtorch-dev            # tensors and automatic differentiation
libopenblas-openmp-dev  # a fast BLAS that shares libtorch's threads
libhwy-dev              # SIMD kernels, chosen at run time
libdnnl-dev             # convolutions with packed weights, Winograd's method
ocl-icd-opencl-dev      # asked for by libdnnl-dev's CMake files
libfmt-dev              # text formatting
libcli11-dev            # the command line
libcpp-httplib-dev      # HTTP of fathom serve
libtomlplusplus-dev     # run.toml
nlohmann-json3-dev      # study.json
libzip-dev              # npz files
libhdf5-dev             # HDF5 files
libpng-dev              # PNG pictures
libjpeg62-turbo-dev     # JPEG pictures
zlib1g-dev              # checksums of animated PNG
libonig-dev             # the regular expressions of tokenizer files
libutf8proc-dev         # normal forms of Unicode text
libssl-dev              # SHA-256 of data sets
libmuparser-dev         # formulas of targets in run.toml
coinor-libclp-dev       # the reference solver of linear programs
coinor-libcoinutils-dev # Clp's own base library
pybind11-dev            # the Python module
python3-dev             # Python's headers
python3-torch           # its tensors, on the same libtorch
libgtest-dev            # unit tests
libgmock-dev            # their matchers
librapidcheck-dev       # property tests
libbenchmark-dev        # benchmarks
LIST
)

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "setup: need root (or sudo) to run: $*" >&2
    exit 1
  fi
}

missing_packages() {
  local package
  for package in $needed; do
    case "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)" in
      ii*) ;;
      *) echo "$package" ;;
    esac
  done
}

install_missing() {
  local missing
  mapfile -t missing < <(missing_packages)
  if [ "${#missing[@]}" -eq 0 ]; then
    echo "setup: every package is there"
    return
  fi
  echo "setup: installing with apt-get: ${missing[*]}"
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null
}

# The pthread build of OpenBLAS wins by priority where it is installed too, and its threads fight libtorch's.
select_openmp_openblas() {
  local multiarch folder library current
  multiarch=$(g++ -print-multiarch)
  folder=/usr/lib/$multiarch/openblas-openmp
  for library in libblas.so.3 liblapack.so.3 libopenblas.so.0; do
    [ -e "$folder/$library" ] || continue
    current=$(readlink -f "/usr/lib/$multiarch/$library" || true)
    case "$current" in
      */openblas-pthread/*)
        echo "setup: update-alternatives: $library is now the OpenMP build of OpenBLAS"
        as_root update-alternatives --quiet --set "$library-$multiarch" "$folder/$library"
        ;;
    esac
  done
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  printf 'setup: no apt-get here. Install by hand what these Debian packages hold:\n%s\n' "$needed" >&2
  exit 1
fi
install_missing
select_openmp_openblas
