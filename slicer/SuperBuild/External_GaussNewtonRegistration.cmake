# SPDX-License-Identifier: Apache-2.0
# The ITK module with its command line module for Slicer, built against Slicer's own ITK. Other extensions can use this
# file to build against the filter: copy it into their SuperBuild/ and set GaussNewtonRegistration_GIT_REPOSITORY and
# GaussNewtonRegistration_GIT_TAG.
set(proj GaussNewtonRegistration)
set(${proj}_DEPENDS "")
ExternalProject_Include_Dependencies(${proj} PROJECT_VAR proj DEPENDS_VAR ${proj}_DEPENDS)

if(DEFINED ${proj}_DIR AND NOT EXISTS "${${proj}_DIR}")
  message(FATAL_ERROR "${proj}_DIR is not a folder: '${${proj}_DIR}'")
endif()

if(NOT DEFINED ${proj}_DIR)
  # From the checkout that this file belongs to, or from a repository.
  if(GaussNewtonRegistration_GIT_REPOSITORY)
    set(_source GIT_REPOSITORY "${GaussNewtonRegistration_GIT_REPOSITORY}" GIT_TAG "${GaussNewtonRegistration_GIT_TAG}"
      SOURCE_DIR "${CMAKE_BINARY_DIR}/${proj}")
  else()
    get_filename_component(_checkout "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
    set(_source SOURCE_DIR "${_checkout}" DOWNLOAD_COMMAND "")
  endif()

  # Where ducc0, CLI11 and nlohmann-json and the texts of their licences are, if CMake does not find them by itself.
  set(_hints "")
  foreach(_hint GaussNewtonRegistration_DUCC0_DIR CLI11_DIR nlohmann_json_DIR
      GaussNewtonRegistration_LICENCE_CLI11 GaussNewtonRegistration_LICENCE_nlohmann_json)
    if(DEFINED ${_hint})
      list(APPEND _hints "-D${_hint}:PATH=${${_hint}}")
    endif()
  endforeach()

  ExternalProject_Add(${proj}
    ${${proj}_EP_ARGS}
    ${_source}
    BINARY_DIR "${CMAKE_BINARY_DIR}/${proj}-build"
    # Slicer takes every program beside its modules for one: the others are not built.
    BUILD_COMMAND "${CMAKE_COMMAND}" --build . --config "${CMAKE_BUILD_TYPE}" --target gnr-slicer
    INSTALL_COMMAND ""
    CMAKE_CACHE_ARGS
      -DCMAKE_BUILD_TYPE:STRING=${CMAKE_BUILD_TYPE}
      -DCMAKE_C_COMPILER:FILEPATH=${CMAKE_C_COMPILER}
      -DCMAKE_C_FLAGS:STRING=${ep_common_c_flags}
      -DCMAKE_CXX_COMPILER:FILEPATH=${CMAKE_CXX_COMPILER}
      -DCMAKE_CXX_FLAGS:STRING=${ep_common_cxx_flags}
      -DCMAKE_CXX_STANDARD:STRING=17
      -DBUILD_TESTING:BOOL=OFF
      -DGaussNewtonRegistration_BUILD_APPS:BOOL=ON
      -DGaussNewtonRegistration_USE_VTK:STRING=OFF
      -DGaussNewtonRegistration_FFT:STRING=DUCC # the package is passed on: nothing under the GPL
      -DITK_DIR:PATH=${ITK_DIR}
      # in the build tree of Slicer or of the extension
      -DCMAKE_RUNTIME_OUTPUT_DIRECTORY:PATH=${CMAKE_BINARY_DIR}/${Slicer_CLIMODULES_BIN_DIR}
      -DCMAKE_LIBRARY_OUTPUT_DIRECTORY:PATH=${CMAKE_BINARY_DIR}/${Slicer_THIRDPARTY_LIB_DIR}
      -DCMAKE_ARCHIVE_OUTPUT_DIRECTORY:PATH=${CMAKE_BINARY_DIR}/${Slicer_THIRDPARTY_LIB_DIR}
      # in the package
      -DITK_INSTALL_RUNTIME_DIR:STRING=${Slicer_INSTALL_CLIMODULES_BIN_DIR}
      -DITK_INSTALL_LIBRARY_DIR:STRING=${Slicer_INSTALL_THIRDPARTY_LIB_DIR}
      ${_hints}
    DEPENDS ${${proj}_DEPENDS})
  set(${proj}_DIR "${CMAKE_BINARY_DIR}/${proj}-build")
else()
  ExternalProject_Add_Empty(${proj} DEPENDS ${${proj}_DEPENDS})
endif()

mark_as_superbuild(${proj}_DIR:PATH)
