#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sourced after setup.sh by the scripts that need parts of ITK's source which packages of ITK leave out.

# The source package of the installed ITK, and its version.
itk_source_package() { dpkg-query -W -f='${source:Package}' libinsighttoolkit5-dev; }
itk_source_version() { dpkg-query -W -f='${source:Version}' libinsighttoolkit5-dev; }

# Folder of the installed ITKConfig.cmake.
installed_itk_dir() { dirname "$(dpkg -L libinsighttoolkit5-dev | grep '/ITKConfig\.cmake$')"; }

# fetch_itk_source WORK FOLDER PATTERN...: downloads the source package (about 280 MB) and extracts the files that match
# the patterns of tar into FOLDER, which appears only when it is complete. Lists of packages, logs and the download are
# in WORK; /etc/apt is not touched.
fetch_itk_source() {
  local work=$1 folder=$2 package version list
  shift 2
  package=$(itk_source_package)
  version=$(itk_source_version)
  say "fetching the source package $package $version"
  rm -rf "$work/apt" "$work/download" "$folder.part"
  mkdir -p "$work/apt/parts" "$work/apt/lists/partial" "$work/download" "$folder.part"
  for list in /etc/apt/sources.list.d/*.sources; do
    if [ -e "$list" ]; then
      sed 's/^Types:.*/Types: deb-src/' "$list" >"$work/apt/parts/${list##*/}"
    fi
  done
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >"$work/apt/parts/classic.list" || true
  cat >"$work/apt/apt.conf" <<EOT
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$work/apt/parts";
Dir::State::lists "$work/apt/lists";
APT::Sandbox::User "";
EOT
  run_logged "$work/apt.log" "apt-get update" env APT_CONFIG="$work/apt/apt.conf" apt-get -qq update
  run_logged "$work/apt.log" "apt-get source" env -C "$work/download" APT_CONFIG="$work/apt/apt.conf" \
    apt-get -qq source --download-only "$package=$version"
  tar xf "$work/download/$package"_*.orig.tar.* -C "$folder.part" --strip-components=1 --wildcards "$@"
  mv "$folder.part" "$folder"
  rm -rf "$work/download" "$work/apt"
}
