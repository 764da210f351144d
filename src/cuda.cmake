# SPDX-License-Identifier: Apache-2.0
# The plugin gnr-cuda, a module beside the library: from nvcc, or (EMULATED) from the host's compiler for the device that
# test/cuda_emulation emulates.
gnr_glob(_cuda_sources cuda-kernels kernels/cuda/*.cu)
add_library(gnr-cuda MODULE ${_cuda_sources} kernels/Arena.cpp kernels/FieldMemory.cpp
  kernels/KrylovNumbers.cpp)
add_library(GaussNewtonRegistration::gnr-cuda ALIAS gnr-cuda)
target_compile_features(gnr-cuda PRIVATE cxx_std_17)
target_compile_options(gnr-cuda PRIVATE ${GNR_WARNINGS} ${GNR_CORE_FLAGS})
target_compile_definitions(gnr-cuda PRIVATE
  $<IF:$<BOOL:${BUILD_SHARED_LIBS}>,GaussNewtonRegistration_EXPORTS,GaussNewtonRegistration_STATIC>)
target_include_directories(gnr-cuda PRIVATE
  "${_module_source_dir}/include" "${_module_source_dir}/src" "${_module_binary_dir}/include"
  $<$<BOOL:${ITK_SOURCE_DIR}>:${ITKCommon_BINARY_DIR}>)
set_target_properties(gnr-cuda PROPERTIES
  PREFIX "" SUFFIX ".so" POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden CUDA_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

if(GaussNewtonRegistration_CUDA STREQUAL "EMULATED")
  add_subdirectory("${_module_source_dir}/test/cuda_emulation" cuda_emulation)
  set_source_files_properties(${_cuda_sources} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-x;c++;-Wno-unknown-pragmas")
  target_compile_definitions(gnr-cuda PRIVATE GNR_CUDA_EMULATED)
  target_link_libraries(gnr-cuda PRIVATE gnr-cuda-emulation)
  return() # of the tests only: not installed
endif()

# Extended lambdas are the bodies of most kernels. -v makes the assembler tell registers, stack and spills, which the
# launcher reads: a kernel with any of the latter fails the build.
set_target_properties(gnr-cuda PROPERTIES CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON CUDA_RUNTIME_LIBRARY Static)
target_compile_options(gnr-cuda PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda;-Xptxas=-v>)
target_link_libraries(gnr-cuda PRIVATE CUDA::cufft)
find_program(GNR_PYTHON NAMES python3 HINTS /usr/bin NO_DEFAULT_PATH DOC "Python of the tests; standard library only")
find_program(GNR_PYTHON NAMES python3)
if(GNR_PYTHON)
  set_target_properties(gnr-cuda PROPERTIES
    CUDA_COMPILER_LAUNCHER "${GNR_PYTHON};-B;${_module_source_dir}/scripts/ptxas.py;compile")
else()
  message(WARNING "GaussNewtonRegistration: without python3 nobody looks for register spills of the CUDA kernels")
endif()
install(TARGETS gnr-cuda LIBRARY DESTINATION "${ITK_INSTALL_LIBRARY_DIR}" COMPONENT RuntimeLibraries)
