# SPDX-License-Identifier: Apache-2.0
# The plugin gnr-mpi, a module beside the library: all that is compiled and linked with MPI.
gnr_glob(_mpi_sources mpi-plugin parallel/mpi/*.cpp)
add_library(gnr-mpi MODULE ${_mpi_sources} parallel/Communicator.cpp)
add_library(GaussNewtonRegistration::gnr-mpi ALIAS gnr-mpi)
target_compile_features(gnr-mpi PRIVATE cxx_std_17)
target_compile_options(gnr-mpi PRIVATE ${GNR_WARNINGS} ${GNR_CORE_FLAGS})
target_compile_definitions(gnr-mpi PRIVATE
  $<IF:$<BOOL:${BUILD_SHARED_LIBS}>,GaussNewtonRegistration_EXPORTS,GaussNewtonRegistration_STATIC>
  OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX) # the C interface alone: no libmpi_cxx
if(GaussNewtonRegistration_CUDA STREQUAL "EMULATED") # of the tests: what there is instead of an MPI library that knows CUDA
  target_compile_definitions(gnr-mpi PRIVATE GNR_CUDA_EMULATED)
endif()
target_include_directories(gnr-mpi PRIVATE
  "${_module_source_dir}/include" "${_module_source_dir}/src" "${_module_binary_dir}/include"
  $<$<BOOL:${ITK_SOURCE_DIR}>:${ITKCommon_BINARY_DIR}>)
target_link_libraries(gnr-mpi PRIVATE MPI::MPI_C ${CMAKE_DL_LIBS})
set_target_properties(gnr-mpi PROPERTIES
  PREFIX "" SUFFIX ".so" POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
install(TARGETS gnr-mpi LIBRARY DESTINATION "${ITK_INSTALL_LIBRARY_DIR}" COMPONENT PluginMPI)
