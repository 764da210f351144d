#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# By hand, on Debian or Ubuntu: builds and tests the module the way ITK's own remote modules are built, through
# ITKModuleExternal. Packages hold an installed ITK without the module macros, so a stand-in for a build tree is made of
# the installed ITK and the macros of the distribution's source package (about 280 MB to download, once).
# Usage: scripts/test-itk-build-tree.sh [FOLDER]     default: build/itk-build-tree
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
# shellcheck source=scripts/itk-source.sh
. "$root/scripts/itk-source.sh"

work=${1:-$root/build/itk-build-tree}
mkdir -p "$work"
work=$(cd "$work" && pwd)
need_packages "${build_packages[@]}" "${test_packages[@]}" dpkg-dev

# --- the macros, from the source package of the installed version ---------------------------------------------------
itk=$work/ITK
if [ ! -d "$itk" ]; then
  fetch_itk_source "$work" "$itk" '*/CMake' '*/Utilities/Maintenance' '*/Utilities/Doxygen'
fi

# --- a stand-in for the build tree --------------------------------------------------------------------------------
installed=$(installed_itk_dir)
series=$(basename "$installed")
tree=$work/tree
say "making the build tree $tree"
rm -rf "$tree"
mkdir -p "$tree/lib/cmake/$series/Modules"
ln -s "$installed"/Modules/*.cmake "$tree/lib/cmake/$series/Modules/"
cat >"$tree/ITKConfig.cmake" <<EOF
set(_components \${ITK_FIND_COMPONENTS})
set(ITK_FIND_COMPONENTS "")
include("$installed/ITKConfig.cmake")
set(ITK_CMAKE_DIR "$itk/CMake")
set(ITK_MODULES_DIR "$tree/lib/cmake/$series/Modules")
set(ITK_DIR "$tree")
if(_components)
  set(ITK_FIND_COMPONENTS \${_components})
  set(ITK_MODULES_REQUESTED \${_components})
  itk_module_config(ITK \${_components})
endif()
EOF
cp "$installed/ITKConfigVersion.cmake" "$tree/"

# --- configure, build, test ---------------------------------------------------------------------------------------
say "configuring $work/module"
run_logged "$work/configure.log" "configuring" cmake -S "$root" -B "$work/module" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DITK_DIR="$tree" -DITK_USE_KWSTYLE=OFF -DITK_USE_CLANG_FORMAT=OFF
grep -q 'ITK build tree' "$work/configure.log" || fail "the module did not take the tree for an ITK build tree; see $work/configure.log"
say "building $work/module on $jobs processors"
run_logged "$work/build.log" "building" cmake --build "$work/module" --parallel "$jobs"
say "a project that finds the module as a component of ITK"
run_logged "$work/consumer.log" "configuring the consumer" cmake -S "$root/test/consumer" -B "$work/consumer" -G Ninja \
  -DCMAKE_BUILD_TYPE=Release -DITK_DIR="$tree" -DCONSUME_AS_ITK_MODULE=ON
run_logged "$work/consumer.log" "building the consumer" cmake --build "$work/consumer"
"$work/consumer/consumer"
say "testing (ctest -j2)"
cd "$work/module"
exec ctest -j2 --output-on-failure --no-tests=error
