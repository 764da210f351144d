#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets of test/fuzz with clang into build/fuzz and runs each for so many seconds (default 60):
#   scripts/fuzz.sh [SECONDS [TARGET...]]
# or runs the programs of build/release on so many files that are damaged at random (test/fuzz/mutations.py):
#   scripts/fuzz.sh mutations COUNT [SEED]
# They begin with what test/fuzz/make_corpus.py writes and the files of test/fuzz/found, which once failed. GNR_FUZZ_SEED
# fixes the seed. An input that fails is left in build/fuzz/found; put it into test/fuzz/found/TARGET with the repair.
# Exit status 77: no clang with libFuzzer on this machine.
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

if [ "${1:-}" = mutations ]; then
  bin=$root/build/release/bin
  view=$bin/gnr-view
  [ -x "$view" ] || view=
  GNR_REGISTER=$bin/gnr-register GNR_APPLY=$bin/gnr-apply GNR_VIEW=$view \
    exec python3 -B "$root/test/fuzz/mutations.py" "${@:2}"
fi
seconds=${1:-60}
shift || true
build=$root/build/fuzz
mkdir -p "$build/trial" "$build/found"
printf 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char *, unsigned long) { return 0; }\n' >"$build/trial/trial.cpp"
if ! clang++ -fsanitize=fuzzer,address,undefined "$build/trial/trial.cpp" -o "$build/trial/trial" 2>"$build/trial/log"; then
  say "skipped: no clang++ with libFuzzer (Debian, Ubuntu: apt-get install clang libclang-rt-dev)"
  exit 77
fi
need_packages "${build_packages[@]}" python3
run_logged "$build/configure.log" "configuring the fuzz targets" \
  cmake -S "$root/test/fuzz" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
run_logged "$build/build.log" "building the fuzz targets" cmake --build "$build" -j "$jobs"
python3 -B "$root/test/fuzz/make_corpus.py" "$build/corpus"
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(nifti nrrd metaimage gzip points transforms report messages)
failed=()
for target in "${targets[@]}"; do
  folders=("$build/grown/$target" "$build/corpus/$target")
  [ ! -d "$root/test/fuzz/found/$target" ] || folders+=("$root/test/fuzz/found/$target")
  mkdir -p "${folders[0]}"
  log=$build/$target.log
  if ! "$build/fuzz-$target" -max_total_time="$seconds" -seed="${GNR_FUZZ_SEED:-0}" -max_len=16384 -timeout=10 \
    -rss_limit_mb=1500 -malloc_limit_mb=300 -artifact_prefix="$build/found/$target-" -print_final_stats=1 "${folders[@]}" \
    >"$log" 2>&1; then
    failed+=("$target")
    grep -E 'ERROR|SUMMARY|runtime error|what\(\)|no message|Test unit written' "$log" | head -n 8 >&2
  fi
  say "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1) inputs, $(grep -c . <(ls "${folders[0]}")) kept"
done
[ ${#failed[@]} -eq 0 ] || fail "fuzz targets that failed: ${failed[*]}; their logs and inputs are in build/fuzz"
