# SPDX-License-Identifier: Apache-2.0
# CUDA's compiler from where it usually lies, also where it is not on PATH; then the language and the toolkit.
if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  file(GLOB _versions /usr/local/cuda-*/bin /opt/cuda-*/bin)
  list(SORT _versions COMPARE NATURAL ORDER DESCENDING) # the newest of several
  find_program(GaussNewtonRegistration_NVCC nvcc
    HINTS ENV CUDA_HOME ENV CUDA_PATH ENV CUDAToolkit_ROOT
    PATHS /usr/local/cuda/bin /opt/cuda/bin ${_versions} /usr/lib/cuda/bin /usr/lib/nvidia-cuda-toolkit/bin
    PATH_SUFFIXES bin
    DOC "CUDA's compiler")
  if(NOT GaussNewtonRegistration_NVCC)
    message(FATAL_ERROR "GaussNewtonRegistration_CUDA=ON needs CUDA's compiler, and nvcc is neither on PATH nor in "
      "CUDA_HOME, /usr/local/cuda, /opt/cuda. Install the CUDA toolkit 12 or newer, or give "
      "-DCMAKE_CUDA_COMPILER=<path of nvcc>, or -DGaussNewtonRegistration_CUDA=OFF.")
  endif()
  set(CMAKE_CUDA_COMPILER "${GaussNewtonRegistration_NVCC}" CACHE FILEPATH "CUDA's compiler")
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES "${GaussNewtonRegistration_CUDA_ARCHITECTURES}")
endif()
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "GaussNewtonRegistration_CUDA=ON needs CUDA 12 or newer; ${CMAKE_CUDA_COMPILER} is "
    "${CMAKE_CUDA_COMPILER_VERSION}.")
endif()
get_filename_component(_cuda_bin "${CMAKE_CUDA_COMPILER}" DIRECTORY)
if(NOT CUDAToolkit_ROOT)
  get_filename_component(CUDAToolkit_ROOT "${_cuda_bin}" DIRECTORY)
endif()
find_package(CUDAToolkit 12 REQUIRED)
if(NOT TARGET CUDA::cufft)
  message(FATAL_ERROR "GaussNewtonRegistration_CUDA=ON needs cuFFT, which is not in ${CUDAToolkit_ROOT}.")
endif()
