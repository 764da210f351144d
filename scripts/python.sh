#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a Python package `itk` with the filter in it, on Debian 12 with the ITK, Python and numpy of the distribution, and
# runs the tests in Python. The first run wraps a small part of ITK itself, which takes a quarter of an hour of two
# processors; that is kept in ${XDG_CACHE_HOME:-$HOME/.cache}/gaussnewtonregistration, outside the checkout, for all
# later ones. Arguments are passed on to the tests, for example: scripts/python.sh -k observer
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
# shellcheck source=scripts/itk-source.sh
. "$root/scripts/itk-source.sh"

need_packages "${build_packages[@]}" "${mpi_packages[@]}" "${python_packages[@]}"
python=/usr/bin/python3 # the one that python3-dev and python3-numpy belong to

# --- ITK itself, once per machine -------------------------------------------------------------------------------------
recipe=$root/cmake/python/CMakeLists.txt
itk_version=$(itk_source_version)
key=$({ cat "$recipe" && "$python" --version && g++ -dumpfullversion; } | sha256sum | cut -c 1-12)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gaussnewtonregistration
base=$cache/itk-${itk_version//[^0-9A-Za-z.+-]/_}-$key
mkdir -p "$base"
exec 9>"$base/lock"
flock 9 # another run may be making it
if [ ! -f "$base/complete" ]; then
  say "wrapping a part of ITK $itk_version for Python, in $base (once; about 15 minutes)"
  if [ ! -d "$base/ITK" ]; then
    fetch_itk_source "$base" "$base/ITK" '*/CMake' '*/Wrapping' 'InsightToolkit*/Modules/*/*/wrapping' '*/itk-module.cmake' \
      '*/ThirdParty/pygccxml' '*/Bridge/NumPy' '*/Utilities/Maintenance' '*/Utilities/Doxygen'
    # numpy 1.24 removed np.bool; a message about types asks for readers that are not wrapped here; SWIG 4.1 does not make
    # two functions that are then missed aloud.
    generator=$base/ITK/Wrapping/Generators/Python
    sed -i 's/np\.bool)/np.bool_)/' "$generator/itk/support/types.py"
    sed -i -E '/^ +itk\.(ImageSeriesReader|MeshFileReader),$/d' "$generator/itk/support/extras.py"
    sed -i '/"ios_base_[a-z_]*"/d' "$generator/PyBase/CMakeLists.txt"
  fi
  mkdir -p "$base/recipe"
  cp "$recipe" "$base/recipe/"
  run_logged "$base/configure.log" "configuring $base" cmake -S "$base/recipe" -B "$base/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS=-w -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" \
    -DWRAPPED_ITK_SOURCE="$base/ITK" -DINSTALLED_ITK_DIR="$(installed_itk_dir)" \
    -DPython3_EXECUTABLE="$python" -DPython3_ROOT_DIR=/usr -DPython3_FIND_STRATEGY=LOCATION
  run_logged "$base/build.log" "wrapping ITK" cmake --build "$base/build" --parallel "$jobs"
  touch "$base/complete"
fi
exec 9>&-

# --- the module, in this checkout -----------------------------------------------------------------------------------
# A module is built into the build tree of its ITK; this checkout has a copy, and what is in the cache stays as it is.
work=$root/build/python
tree=$work/itk
packages=$tree/Wrapping/Generators/Python
if [ "$(cat "$work/base" 2>/dev/null || true)" != "$base" ]; then
  rm -rf "$work"
  mkdir -p "$tree/Wrapping/Generators"
  cp -a "$base/build/ITKConfig.cmake" "$base/build/ITKConfigVersion.cmake" "$tree/"
  cp -a "$base/build/Wrapping/Typedefs" "$tree/Wrapping/"
  cp -a "$base/build/Wrapping/Generators/Python" "$tree/Wrapping/Generators/"
  echo "$base" >"$work/base"
fi
# ITK 5.2 has its own C++11 read by castxml; this module is C++17, for which castxml needs to be told what g++ takes for
# granted.
cat >"$work/castxml" <<'EOT'
#!/bin/bash
exec castxml "${@/#-std=c++11/-std=c++17}" -fsized-deallocation
EOT
chmod +x "$work/castxml"
say "configuring build/python"
run_logged "$work/configure.log" "configuring build/python" cmake -S "$root" -B "$work/module" -G Ninja \
  -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DGaussNewtonRegistration_BUILD_APPS=OFF \
  -DITK_DIR="$tree" -DCMAKE_LIBRARY_OUTPUT_DIRECTORY="$packages/itk" -DCMAKE_RUNTIME_OUTPUT_DIRECTORY="$packages/itk" -DITK_USE_KWSTYLE=OFF -DITK_USE_CLANG_FORMAT=OFF \
  -DITK_USE_SYSTEM_SWIG=ON -DITK_USE_SYSTEM_CASTXML=ON -DCASTXML_EXECUTABLE="$work/castxml" \
  -DPython3_EXECUTABLE="$python" -DPython3_ROOT_DIR=/usr -DPython3_FIND_STRATEGY=LOCATION
say "building build/python on $jobs processors (log: build/python/build.log)"
run_logged "$work/build.log" "building build/python" cmake --build "$work/module" --parallel "$jobs"

say "testing in Python"
export PYTHONPATH=$packages${PYTHONPATH:+:$PYTHONPATH}
# Threads that wait must not keep a processor busy: the programs see to that themselves, a library cannot.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-3000}
"$python" -B -m unittest discover -s "$root/test/python" -t "$root/test/python" -v "$@"
say "to use it: PYTHONPATH=$packages $python"
