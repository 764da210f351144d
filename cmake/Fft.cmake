# SPDX-License-Identifier: Apache-2.0
# The library of Fourier transforms for the CPU kernels. Sets GNR_FFT (FFTW or DUCC), GNR_FFT_DESCRIPTION with its
# version and licence, GNR_FFT_LIBRARIES to link and GNR_FFT_INCLUDE_DIRS.
set(GaussNewtonRegistration_FFT AUTO CACHE STRING
  "Fourier transforms: FFTW (GPL), DUCC (ducc0, BSD; fetched from the Python package index), or AUTO: FFTW where it is installed, else DUCC")
set_property(CACHE GaussNewtonRegistration_FFT PROPERTY STRINGS AUTO FFTW DUCC)
set(GaussNewtonRegistration_DUCC0_DIR "${CMAKE_BINARY_DIR}/ducc0-0.42.0" CACHE PATH
  "Folder that holds ducc0/fft/fft1d_impl.h; where it does not exist, scripts/fetch_ducc0.py makes it")
mark_as_advanced(GaussNewtonRegistration_DUCC0_DIR)

if(NOT GaussNewtonRegistration_FFT MATCHES "^(AUTO|FFTW|DUCC)$")
  message(FATAL_ERROR "GaussNewtonRegistration_FFT is '${GaussNewtonRegistration_FFT}'; AUTO, FFTW and DUCC are allowed.")
endif()

set(GNR_FFT "${GaussNewtonRegistration_FFT}")
if(NOT GNR_FFT STREQUAL "DUCC")
  if(GNR_FFT STREQUAL "FFTW")
    find_package(FFTW3f REQUIRED)
  else()
    find_package(FFTW3f QUIET)
    if(FFTW3f_FOUND)
      set(GNR_FFT FFTW)
    else()
      set(GNR_FFT DUCC)
      message(STATUS "GaussNewtonRegistration: FFTW in single precision is not installed (Debian, Ubuntu: libfftw3-dev); taking ducc0")
    endif()
  endif()
endif()

if(GNR_FFT STREQUAL "FFTW")
  string(REPLACE "  " " " GNR_FFT_DESCRIPTION "FFTW ${FFTW3f_VERSION} (GPL)")
  set(GNR_FFT_LIBRARIES FFTW3f::fftw3f)
  set(GNR_FFT_INCLUDE_DIRS "")
else()
  if(NOT EXISTS "${GaussNewtonRegistration_DUCC0_DIR}/ducc0/fft/fft1d_impl.h")
    find_package(Python3 COMPONENTS Interpreter)
    if(NOT Python3_FOUND)
      message(FATAL_ERROR "GaussNewtonRegistration_FFT=${GaussNewtonRegistration_FFT} needs the headers of ducc0, which "
        "scripts/fetch_ducc0.py fetches with Python 3, and there is none. Install python3 and python3-venv, give "
        "-DGaussNewtonRegistration_DUCC0_DIR=<folder src of ducc0>, or install FFTW (libfftw3-dev) and give "
        "-DGaussNewtonRegistration_FFT=FFTW.")
    endif()
    execute_process(
      COMMAND "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/../scripts/fetch_ducc0.py" "${GaussNewtonRegistration_DUCC0_DIR}"
      RESULT_VARIABLE _failed OUTPUT_VARIABLE _output ERROR_VARIABLE _output)
    if(_failed)
      message(FATAL_ERROR "GaussNewtonRegistration_FFT=${GaussNewtonRegistration_FFT}: ducc0 could not be fetched.\n${_output}")
    endif()
    message(STATUS "GaussNewtonRegistration: ${_output}")
  endif()
  set(GNR_FFT_DESCRIPTION "ducc0 0.42.0 (BSD-3-Clause)")
  set(GNR_FFT_LIBRARIES "")
  set(GNR_FFT_INCLUDE_DIRS "${GaussNewtonRegistration_DUCC0_DIR}")
endif()
message(STATUS "GaussNewtonRegistration: Fourier transforms by ${GNR_FFT_DESCRIPTION}")
