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

# The plugin for NVIDIA GPUs, which is opened at run time: nothing else links anything of CUDA.
set(GaussNewtonRegistration_CUDA OFF CACHE STRING
  "ON: build the plugin for NVIDIA GPUs; EMULATED: the same sources for a device that tests emulate on the host")
set_property(CACHE GaussNewtonRegistration_CUDA PROPERTY STRINGS OFF ON EMULATED)
set(GaussNewtonRegistration_CUDA_ARCHITECTURES "80;90" CACHE STRING
  "Architectures of NVIDIA GPUs, as in CMAKE_CUDA_ARCHITECTURES")
if(NOT GaussNewtonRegistration_CUDA MATCHES "^(OFF|ON|EMULATED)$")
  message(FATAL_ERROR "GaussNewtonRegistration_CUDA is '${GaussNewtonRegistration_CUDA}'; OFF, ON and EMULATED are allowed.")
endif()
if(GaussNewtonRegistration_CUDA STREQUAL "ON")
  include("${CMAKE_CURRENT_LIST_DIR}/cmake/FindNvcc.cmake")
endif()
