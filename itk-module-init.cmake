# SPDX-License-Identifier: Apache-2.0
# What the module needs from outside ITK. ITK includes this file before it configures its modules; the top
# CMakeLists.txt does when the module is built on its own.
list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}/cmake")

include("${CMAKE_CURRENT_LIST_DIR}/cmake/Fft.cmake")

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

# The plugin for several processes, which is opened at run time, too: nothing else links MPI.
if(NOT DEFINED GaussNewtonRegistration_MPI OR GaussNewtonRegistration_MPI)
  find_package(MPI QUIET COMPONENTS C)
endif()
option(GaussNewtonRegistration_MPI "Build the plugin for several processes (needs an MPI library)" ${MPI_C_FOUND})
if(GaussNewtonRegistration_MPI AND NOT MPI_C_FOUND)
  message(FATAL_ERROR "GaussNewtonRegistration_MPI=ON needs an MPI library, and none was found. Debian, Ubuntu: "
    "apt-get install libopenmpi-dev openmpi-bin; elsewhere give -DMPI_C_COMPILER=<path of mpicc>, or "
    "-DGaussNewtonRegistration_MPI=OFF.")
endif()
if(GaussNewtonRegistration_MPI)
  message(STATUS "GaussNewtonRegistration: plugin gnr-mpi with ${MPI_C_LIBRARIES} (MPI ${MPI_C_VERSION})")
else()
  message(STATUS "GaussNewtonRegistration: no plugin for several processes (Debian, Ubuntu: libopenmpi-dev, openmpi-bin)")
endif()
