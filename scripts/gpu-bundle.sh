#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a folder that runs on any x86-64 Linux with a C library as new as this one's, an NVIDIA driver and cuFFT of the CUDA
# version that it is built with; neither ITK nor MPI nor a compiler is needed there. In it: the tests of the core (every
# kernel against the reference), benchmarks of the kernels, solves on synthetic and raw images, libraries, and run.sh, which
# runs all of it and leaves results/*.json. Usage: scripts/gpu-bundle.sh [FOLDER]     default: build/gpu-bundle
# GNR_BUILD_DIR=<folder> takes a configured build of the preset cuda from elsewhere.
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

bundle=${1:-$root/build/gpu-bundle}
tree=${GNR_BUILD_DIR:-$root/build/cuda}
limit=60 # MiB
if [ -z "${GNR_BUILD_DIR:-}" ]; then
  need_packages "${build_packages[@]}" "${test_packages[@]}" libbenchmark-dev
  configure cuda -DBUILD_TESTING=ON -DGaussNewtonRegistration_BUILD_APPS=ON -DGaussNewtonRegistration_BUILD_BENCHMARKS=ON
  build cuda gnr-cuda gnr-core-tests benchmark-gpu
fi
for file in lib/gnr-cuda.so bin/gnr-core-tests bin/benchmark-gpu; do
  [ -e "$tree/$file" ] || fail "$tree/$file is missing: build the targets gnr-cuda, gnr-core-tests and benchmark-gpu there"
done

rm -rf "$bundle"
mkdir -p "$bundle/bin" "$bundle/lib"
cp "$tree/bin/gnr-core-tests" "$tree/bin/benchmark-gpu" "$bundle/bin/"
cp "$tree/lib/gnr-cuda.so" "$bundle/lib/"
strip "$bundle"/bin/* "$bundle/lib/gnr-cuda.so"

# What the programs need beyond the C library and the driver; cuFFT is too large and comes from the machine.
cufft=$(ldd "$bundle/lib/gnr-cuda.so" | sed -n 's/^[[:space:]]*\(libcufft\.so\.[0-9]*\).*/\1/p')
[ -n "$cufft" ] || fail "$tree/lib/gnr-cuda.so does not link cuFFT"
for file in "$bundle"/bin/* "$bundle/lib/gnr-cuda.so"; do
  ldd "$file"
done | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u | while read -r library; do
  case ${library##*/} in
    libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libcufft.so.*) ;;
    *) cp -L "$library" "$bundle/lib/" ;;
  esac
done
glibc=$(for file in "$bundle"/bin/* "$bundle"/lib/*; do objdump -T "$file" 2>/dev/null; done |
  sed -n 's/.*GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | tail -n 1)

sed -e "s/@CUFFT@/$cufft/g" -e "s/@GLIBC@/$glibc/g" -e "s/@COMMIT@/$(git -C "$root" describe --always --dirty)/g" >"$bundle/run.sh" <<'RUN'
#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests and measures the CUDA kernels of GaussNewtonRegistration (@COMMIT@) on this machine's first GPU. Needs an NVIDIA
# driver, @CUFFT@ and glibc @GLIBC@ or newer. Results come into the folder results (or $1).
# GNR_SIZES="64 128 256 512" chooses the solves; GNR_RAW="fixed.raw moving.raw nx ny nz" adds a pair of float files.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
results=${1:-$here/results}

# cuFFT from LD_LIBRARY_PATH, a CUDA toolkit, or NVIDIA's packages for Python.
path=${LD_LIBRARY_PATH:-}
cufft=$(for folder in ${path//:/ } /usr/local/cuda*/lib64 /usr/local/cuda*/lib /usr/local/cuda*/targets/*/lib /usr/lib/x86_64-linux-gnu \
  /opt/cuda/lib64 $(python3 -c 'import sys; print(*[p + "/nvidia/" + d + "/lib" for p in sys.path for d in ("cufft", "cu13", "cu12")])' 2>/dev/null); do
  [ -e "$folder/@CUFFT@" ] && echo "$folder" && break
done)
if [ -z "$cufft" ]; then
  echo "error: @CUFFT@ was not found; install cuFFT of this CUDA version and put its folder into LD_LIBRARY_PATH" >&2
  exit 2
fi
# nvJitLink lies beside cuFFT in a toolkit and in a folder of its own in the packages.
export LD_LIBRARY_PATH=$here/lib:$cufft:$cufft/../../nvjitlink/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export GNR_PLUGIN_PATH=$here/lib

# Without a driver, a GPU, or a C library that is new enough nothing below can work: the reason once, not per step.
if ! reason=$("$here/bin/benchmark-gpu" 2>&1); then
  echo "${reason%, or take --device cpu}" >&2
  exit 2
fi
mkdir -p "$results"
status=0
step() {
  local name=$1
  shift
  echo "==> $name"
  if "$@" >"$results/$name.log" 2>&1; then
    tail -n 3 "$results/$name.log"
  else
    status=1
    echo "FAILED:"
    tail -n 30 "$results/$name.log"
  fi
}
measure() {
  echo "==> $1"
  if "$here/bin/benchmark-gpu" "${@:2}" >"$results/$1.json" 2>"$results/$1.log"; then
    grep -E '"(copyGig|seconds"|mismatch|largestDifference|arena)' "$results/$1.json"
  else
    status=1
    cat "$results/$1.log"
  fi
}
nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.mem --format=csv >"$results/machine.txt" 2>&1
cat "$results/machine.txt"
step tests "$here/bin/gnr-core-tests" --gtest_filter='*Cuda*'
grep -q 'no test runs on a GPU' "$results/tests.log" && { status=1; grep 'no test runs on a GPU' "$results/tests.log"; }
measure compare --compare 48
measure kernels --kernels 128 256 512
for n in ${GNR_SIZES:-64 128 256 512}; do
  measure "solve-$n" --solve "$n"
done
if [ -n "${GNR_RAW:-}" ]; then
  read -r fixed moving nx ny nz <<<"$GNR_RAW"
  measure solve-raw --fixed "$fixed" --moving "$moving" --size "$nx" "$ny" "$nz"
fi
exit $status
RUN
chmod +x "$bundle/run.sh"
size=$(du -sm "$bundle" | cut -f 1)
[ "$size" -le $limit ] || fail "$bundle has $size MiB, more than $limit"
say "$bundle: $size MiB, for $cufft and glibc $glibc or newer; copy it and run run.sh"
