# SPDX-License-Identifier: Apache-2.0
# FFTW 3 in single precision. Sets FFTW3f_FOUND, FFTW3f_VERSION (where pkg-config knows it), FFTW3f_INCLUDE_DIR, FFTW3f_LIBRARY and the target FFTW3f::fftw3f.
# Hints: FFTW3f_ROOT, pkg-config.
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(_FFTW3f QUIET fftw3f)
endif()
set(FFTW3f_VERSION "${_FFTW3f_VERSION}")
find_path(FFTW3f_INCLUDE_DIR fftw3.h HINTS ${_FFTW3f_INCLUDE_DIRS})
find_library(FFTW3f_LIBRARY NAMES fftw3f libfftw3f-3 HINTS ${_FFTW3f_LIBRARY_DIRS})
mark_as_advanced(FFTW3f_INCLUDE_DIR FFTW3f_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(FFTW3f
  REQUIRED_VARS FFTW3f_LIBRARY FFTW3f_INCLUDE_DIR
  VERSION_VAR FFTW3f_VERSION
  REASON_FAILURE_MESSAGE
    "FFTW in single precision (fftw3.h and libfftw3f) is needed. Debian, Ubuntu: apt-get install libfftw3-dev. Elsewhere: pass -DFFTW3f_ROOT=<prefix>")

if(FFTW3f_FOUND AND NOT TARGET FFTW3f::fftw3f)
  add_library(FFTW3f::fftw3f UNKNOWN IMPORTED)
  set_target_properties(FFTW3f::fftw3f PROPERTIES
    IMPORTED_LOCATION "${FFTW3f_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${FFTW3f_INCLUDE_DIR}")
endif()
