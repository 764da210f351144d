# SPDX-License-Identifier: Apache-2.0
# Installs the build into a fresh prefix, moves the prefix (it must not depend on where it was put), then configures,
# builds and runs the project beside this file against it, and starts the installed programs.
function(step what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what} failed (${result}):\n${output}")
  endif()
  message(STATUS "${what}: done")
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")
step("install" "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}/first")
file(RENAME "${WORK_DIR}/first" "${WORK_DIR}/prefix")

file(GLOB_RECURSE exported "${WORK_DIR}/prefix/*Targets*.cmake")
if(NOT exported)
  message(FATAL_ERROR "no exported targets were installed")
endif()
if(SHARED) # the shared library must not ask its users for its own dependencies
  foreach(file IN LISTS exported)
    file(READ "${file}" text)
    if(text MATCHES "fftw|OpenMP|INTERFACE_LINK_LIBRARIES \"[^\"]*ITK(FFT|Smoothing)|${BUILD_DIR}")
      message(FATAL_ERROR "${file} leaks private dependencies or the build tree: ${CMAKE_MATCH_0}")
    endif()
  endforeach()
endif()

step("configure the consumer" "${CMAKE_COMMAND}" -S "${SOURCE_DIR}" -B "${WORK_DIR}/build" -G "${GENERATOR}"
  "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix" "-DITK_DIR=${ITK_DIR}" "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}"
  "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}")
step("build the consumer" "${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
step("run the consumer" "${WORK_DIR}/build/consumer")
message(STATUS "consumer said: ${output}")

foreach(program IN LISTS PROGRAMS)
  if(program)
    step("start the installed ${program}" "${CMAKE_COMMAND}" -E env --unset=LD_LIBRARY_PATH
      "${WORK_DIR}/prefix/${RUNTIME_DIR}/${program}" --version)
  endif()
endforeach()
