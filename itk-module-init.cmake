# SPDX-License-Identifier: Apache-2.0
# What the module needs from outside ITK. ITK includes this file before it configures its modules; the top
# CMakeLists.txt does when the module is built on its own.
list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}/cmake")

find_package(FFTW3f REQUIRED)

find_package(OpenMP COMPONENTS CXX)
if(NOT OpenMP_CXX_FOUND)
  message(FATAL_ERROR "GaussNewtonRegistration needs a compiler with OpenMP; ${CMAKE_CXX_COMPILER} has none that works. "
    "Use g++ (Debian, Ubuntu: apt-get install g++), or install libomp-dev for clang.")
endif()
