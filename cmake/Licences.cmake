# SPDX-License-Identifier: Apache-2.0
# The licences of what is compiled in ask for their texts wherever binaries are passed on: they are installed with these,
# in share/doc/GaussNewtonRegistration. The Debian packages have places of their own for them (Package.cmake).
set(_texts "LICENSE=${PROJECT_SOURCE_DIR}/LICENSE")
if(GNR_FFT STREQUAL "DUCC" AND EXISTS "${GNR_FFT_INCLUDE_DIRS}/LICENSE.ducc0")
  list(APPEND _texts "LICENSE.ducc0=${GNR_FFT_INCLUDE_DIRS}/LICENSE.ducc0")
endif()
foreach(_pair IN ITEMS CLI11=libcli11-dev nlohmann_json=nlohmann-json3-dev)
  string(REGEX MATCH "^(.*)=(.*)$" _ "${_pair}")
  set(_name "${CMAKE_MATCH_1}")
  find_file(GaussNewtonRegistration_LICENCE_${_name} NAMES copyright PATHS "/usr/share/doc/${CMAKE_MATCH_2}" NO_DEFAULT_PATH
    DOC "Text of the licence of ${_name}, which is compiled into the programs")
  mark_as_advanced(GaussNewtonRegistration_LICENCE_${_name})
  if(GaussNewtonRegistration_LICENCE_${_name})
    list(APPEND _texts "LICENSE.${_name}=${GaussNewtonRegistration_LICENCE_${_name}}")
  else()
    message(WARNING "GaussNewtonRegistration: the licence of ${_name} was not found; programs that are passed on must carry it. "
      "-DGaussNewtonRegistration_LICENCE_${_name}=<file> names it.")
  endif()
endforeach()
if(NOT GaussNewtonRegistration_PACKAGE)
  foreach(_text IN LISTS _texts)
    string(REGEX MATCH "^([^=]*)=(.*)$" _ "${_text}")
    foreach(_component IN ITEMS RuntimeLibraries Runtime SlicerModule)
      install(FILES "${CMAKE_MATCH_2}" RENAME "${CMAKE_MATCH_1}" DESTINATION share/doc/GaussNewtonRegistration
        COMPONENT ${_component})
    endforeach()
  endforeach()
endif()
