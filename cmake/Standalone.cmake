# SPDX-License-Identifier: Apache-2.0
# Builds the module against an *installed* ITK, where ITK's module macros are missing: the few of them that
# itk-module.cmake, src/ and test/ use are defined here in plain CMake, with the same names, arguments, output names,
# install folders and components.
if(NOT DEFINED BUILD_SHARED_LIBS)
  set(BUILD_SHARED_LIBS ${ITK_BUILD_SHARED})
endif()

include(CMakePackageConfigHelpers)
include(GenerateExportHeader)
include(GNUInstallDirs)
include(CTest)

set(_gnr_itk_series "ITK-${ITK_VERSION_MAJOR}.${ITK_VERSION_MINOR}")
foreach(_pair "RUNTIME_DIR=${CMAKE_INSTALL_BINDIR}" "LIBRARY_DIR=${CMAKE_INSTALL_LIBDIR}"
    "ARCHIVE_DIR=${CMAKE_INSTALL_LIBDIR}" "INCLUDE_DIR=${CMAKE_INSTALL_INCLUDEDIR}/${_gnr_itk_series}")
  string(REGEX MATCH "^([A-Z_]+)=(.*)$" _ "${_pair}")
  if(NOT ITK_INSTALL_${CMAKE_MATCH_1})
    set(ITK_INSTALL_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
  endif()
endforeach()
set(GaussNewtonRegistration_INSTALL_PACKAGE_DIR "${ITK_INSTALL_LIBRARY_DIR}/cmake/GaussNewtonRegistration")

# Installed programs find the library beside them, wherever the prefix is moved.
if(NOT DEFINED CMAKE_INSTALL_RPATH AND NOT APPLE AND NOT WIN32)
  file(RELATIVE_PATH _gnr_bin_to_lib "/p/${ITK_INSTALL_RUNTIME_DIR}" "/p/${ITK_INSTALL_LIBRARY_DIR}")
  set(CMAKE_INSTALL_RPATH "$ORIGIN" "$ORIGIN/${_gnr_bin_to_lib}")
  set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON) # an ITK outside the system folders
endif()

macro(itk_module _name)
  set(itk-module ${_name})
  set(itk-module-test ${_name}-Test)
  cmake_parse_arguments(_itk_module "EXCLUDE_FROM_DEFAULT;EXCLUDE_FROM_ALL;ENABLE_SHARED" "DESCRIPTION"
    "DEPENDS;PRIVATE_DEPENDS;COMPILE_DEPENDS;TEST_DEPENDS;FACTORY_NAMES" ${ARGN})
  set(ITK_MODULE_${_name}_PUBLIC_DEPENDS ${_itk_module_DEPENDS})
  set(ITK_MODULE_${_name}_PRIVATE_DEPENDS ${_itk_module_PRIVATE_DEPENDS})
  set(ITK_MODULE_${_name}_TRANSITIVE_DEPENDS ${_itk_module_DEPENDS} ${_itk_module_COMPILE_DEPENDS})
  set(ITK_MODULE_${_name}-Test_DEPENDS ${_itk_module_TEST_DEPENDS})
endmacro()

# Sets ITK_LIBRARIES and ITK_INCLUDE_DIRS to what the given modules need.
macro(gnr_use_itk)
  itk_module_config(ITK ${ARGN})
  include_directories(SYSTEM ${ITK_INCLUDE_DIRS}) # SYSTEM: warnings about our code only
endmacro()

macro(itk_module_add_library _name)
  add_library(${_name} ${ARGN})
  add_library(${_name}::${_name} ALIAS ${_name})
  generate_export_header(${_name}
    EXPORT_FILE_NAME "${PROJECT_BINARY_DIR}/include/${_name}Export.h"
    EXPORT_MACRO_NAME ${_name}_EXPORT
    NO_EXPORT_MACRO_NAME ${_name}_HIDDEN
    STATIC_DEFINE ${_name}_STATIC)
  set_target_properties(${_name} PROPERTIES
    OUTPUT_NAME itk${_name}-${ITK_VERSION_MAJOR}.${ITK_VERSION_MINOR}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(${_name} PUBLIC cxx_std_17)
  if(NOT BUILD_SHARED_LIBS)
    target_compile_definitions(${_name} PUBLIC ${_name}_STATIC)
  endif()
  target_include_directories(${_name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${ITK_INSTALL_INCLUDE_DIR}>)
  target_include_directories(${_name} SYSTEM PUBLIC "$<BUILD_INTERFACE:${ITK_INCLUDE_DIRS}>")
  # Users of the shared library need the modules of its headers. All that these depend on in turn would be more than they
  # need: in ITK 5.4 smoothing, convolution and, behind them, FFTW, which the -dev package of Debian does not bring.
  set(_gnr_itk_public_libraries ${ITK_LIBRARIES})
  if(BUILD_SHARED_LIBS)
    set(_gnr_itk_public_libraries "")
    foreach(_module IN LISTS ITK_MODULE_${itk-module}_PUBLIC_DEPENDS)
      if(TARGET ${_module}) # others are headers
        list(APPEND _gnr_itk_public_libraries ${_module})
      endif()
    endforeach()
  endif()
  target_link_libraries(${_name} PUBLIC ${_gnr_itk_public_libraries}
    PRIVATE ${ITK_LIBRARIES} ${_gnr_itk_private_libraries})
  install(TARGETS ${_name} EXPORT ${_name}Targets
    RUNTIME DESTINATION "${ITK_INSTALL_RUNTIME_DIR}" COMPONENT RuntimeLibraries
    LIBRARY DESTINATION "${ITK_INSTALL_LIBRARY_DIR}" COMPONENT RuntimeLibraries NAMELINK_COMPONENT Development
    ARCHIVE DESTINATION "${ITK_INSTALL_ARCHIVE_DIR}" COMPONENT Development)
endmacro()

macro(itk_module_test)
  gnr_use_itk(${ITK_MODULE_${itk-module}_TRANSITIVE_DEPENDS} ${ITK_MODULE_${itk-module-test}_DEPENDS})
  set(${itk-module-test}_LIBRARIES ${itk-module} ${ITK_LIBRARIES})
  set(ITK_TEST_OUTPUT_DIR "${CMAKE_BINARY_DIR}/Testing/Temporary")
  file(MAKE_DIRECTORY "${ITK_TEST_OUTPUT_DIR}")
endmacro()

macro(CreateTestDriver _kit _libraries _tests)
  set(CMAKE_TESTDRIVER_BEFORE_TESTMAIN "#include \"itkTestDriverBeforeTest.inc\"")
  set(CMAKE_TESTDRIVER_AFTER_TESTMAIN "#include \"itkTestDriverAfterTest.inc\"")
  create_test_sourcelist(_driver_sources ${_kit}TestDriver.cxx ${_tests}
    EXTRA_INCLUDE itkTestDriverIncludeRequiredIOFactories.h
    FUNCTION ProcessArgumentsAndRegisterRequiredFactories)
  add_executable(${_kit}TestDriver ${_driver_sources})
  target_link_libraries(${_kit}TestDriver PRIVATE ${_libraries} ${ITKTestKernel_LIBRARIES})
endmacro()

macro(itk_add_test)
  add_test(${ARGN})
endmacro()

function(CreateGoogleTestDriver _kit _libraries _tests)
  add_executable(${_kit}GTestDriver ${_tests})
  target_link_libraries(${_kit}GTestDriver PRIVATE ${_libraries} GTest::gtest GTest::gtest_main)
  include(GoogleTest)
  gtest_discover_tests(${_kit}GTestDriver DISCOVERY_TIMEOUT 60)
endfunction()

include(itk-module.cmake)
set(GaussNewtonRegistration_ITK_MODULES ${ITK_MODULE_${itk-module}_TRANSITIVE_DEPENDS})
gnr_use_itk(${GaussNewtonRegistration_ITK_MODULES} ${ITK_MODULE_${itk-module}_PRIVATE_DEPENDS})
set(_gnr_itk_private_libraries ${ITK_LIBRARIES})
gnr_use_itk(${GaussNewtonRegistration_ITK_MODULES})
list(REMOVE_ITEM _gnr_itk_private_libraries ${ITK_LIBRARIES})
if(NOT BUILD_SHARED_LIBS) # then whoever links the library needs them as well
  list(APPEND GaussNewtonRegistration_ITK_MODULES ${ITK_MODULE_${itk-module}_PRIVATE_DEPENDS})
endif()
add_subdirectory(src)
if(BUILD_TESTING)
  add_subdirectory(test)
endif()

install(DIRECTORY include/ DESTINATION "${ITK_INSTALL_INCLUDE_DIR}" COMPONENT Development
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hxx")
install(FILES "${PROJECT_BINARY_DIR}/include/${itk-module}Export.h" DESTINATION "${ITK_INSTALL_INCLUDE_DIR}"
  COMPONENT Development)
configure_package_config_file(cmake/Config.cmake.in "${PROJECT_BINARY_DIR}/${itk-module}Config.cmake"
  INSTALL_DESTINATION "${GaussNewtonRegistration_INSTALL_PACKAGE_DIR}"
  PATH_VARS ITK_INSTALL_INCLUDE_DIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/${itk-module}ConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/${itk-module}Config.cmake"
  "${PROJECT_BINARY_DIR}/${itk-module}ConfigVersion.cmake"
  cmake/FindFFTW3f.cmake
  DESTINATION "${GaussNewtonRegistration_INSTALL_PACKAGE_DIR}" COMPONENT Development)
install(EXPORT ${itk-module}Targets NAMESPACE ${itk-module}::
  DESTINATION "${GaussNewtonRegistration_INSTALL_PACKAGE_DIR}" COMPONENT Development)
