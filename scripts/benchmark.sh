#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds build/benchmarks, measures, writes benchmarks/results/*.json, and makes the table of
# doc/measurements.md and doc/benchmark.svg. Arguments: parts to run, of kernels hessian compare scaling processes convergence (default:
# all but convergence, which takes hours), then options for the last of them, for example:
#   scripts/benchmark.sh compare --pairs nirep_half --repeats 5
# GNR_EXTRA_TEST_DATA=<folder> names the image pairs; without it the one in examples/data is used.
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

parts=()
while [ $# -gt 0 ]; do
  case $1 in
    kernels | hessian | compare | scaling | processes | convergence) parts+=("$1") ;;
    -*) break ;;
    *) fail "'$1' is no part. Give some of: kernels hessian compare scaling processes convergence" ;;
  esac
  shift
done
if [ ${#parts[@]} -eq 0 ]; then
  [ $# -eq 0 ] || fail "'$1' is an option of one part: name the part first"
  parts=(kernels hessian compare scaling processes)
fi
case " $* " in
  *" --output"* | *" --benchmark_out"*) fail "the files are named here. For others call the program in benchmarks/ itself" ;;
esac

need_packages "${build_packages[@]}" "${mpi_packages[@]}" libbenchmark-dev python3 python3-matplotlib python3-nibabel python3-scipy
# The packages are those of the system's Python, which need not be the first in PATH.
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3) || fail "no python3"
configure benchmarks
build benchmarks

results=$root/benchmarks/results
mkdir -p "$results"
for i in "${!parts[@]}"; do
  part=${parts[$i]}
  options=()
  [ "$i" -lt $((${#parts[@]} - 1)) ] || options=("$@")
  say "measuring: $part"
  case $part in
    kernels | hessian)
      # Threads that wait must not keep a processor busy that another needs.
      OMP_WAIT_POLICY=passive "$root/build/benchmarks/bin/benchmark-$part" \
        --benchmark_out="$results/$part.json" --benchmark_out_format=json ${options[@]+"${options[@]}"}
      ;;
    *)
      "$python" -B "$root/benchmarks/$part.py" --build "$root/build/benchmarks" ${options[@]+"${options[@]}"}
      ;;
  esac
  if [ "$part" = compare ]; then
    "$python" -B "$root/benchmarks/summarize.py"
  fi
done
