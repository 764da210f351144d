# SPDX-License-Identifier: Apache-2.0
# Options and defaults of a build outside ITK. Whoever embeds the project may set any of them beforehand.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()
if(NOT DEFINED CMAKE_CXX_STANDARD)
  set(CMAKE_CXX_STANDARD 17)
endif()
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# An embedding project (an extension's superbuild, say) chooses where its binaries go; otherwise bin/ and lib/.
foreach(_kind RUNTIME LIBRARY ARCHIVE)
  if(NOT DEFINED CMAKE_${_kind}_OUTPUT_DIRECTORY)
    if(_kind STREQUAL RUNTIME)
      set(CMAKE_${_kind}_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
    else()
      set(CMAKE_${_kind}_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
    endif()
  endif()
endforeach()

option(GaussNewtonRegistration_BUILD_APPS "Build gnr-register and gnr-apply (needs CLI11 and nlohmann_json)" ON)
set(GaussNewtonRegistration_USE_VTK AUTO CACHE STRING "Build gnr-view: AUTO (where VTK is found), ON or OFF")
set_property(CACHE GaussNewtonRegistration_USE_VTK PROPERTY STRINGS AUTO ON OFF)
option(GaussNewtonRegistration_BUILD_BENCHMARKS "Build the benchmarks (needs Google Benchmark, and the programs)" OFF)
option(BUILD_TESTING "Build the tests (needs GoogleTest)" ON)
set(GNR_EXTRA_TEST_DATA "" CACHE PATH
  "Folder with further image pairs; tests that need them are skipped while this is empty")
