# SPDX-License-Identifier: Apache-2.0
# Debian packages by CPack: the library, the programs, what developers need, and the plugin for several processes. Their
# dependencies are found by dpkg-shlibdeps. scripts/deb.sh configures, builds and checks them.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
string(REPLACE "." "" _series "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
set(_library libgaussnewtonregistration${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

# Man pages from --help, and what Debian wants in /usr/share/doc.
set(_pages "")
set(_doc "${PROJECT_BINARY_DIR}/debian")
foreach(_program IN ITEMS gnr-register gnr-apply gnr-batch)
  add_custom_command(OUTPUT "${_doc}/${_program}.1.gz"
    COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/scripts/man.py" $<TARGET_FILE:${_program}> > "${_doc}/${_program}.1"
    COMMAND gzip -9nf "${_doc}/${_program}.1"
    DEPENDS ${_program} "${PROJECT_SOURCE_DIR}/scripts/man.py" VERBATIM)
  list(APPEND _pages "${_doc}/${_program}.1.gz")
endforeach()
file(MAKE_DIRECTORY "${_doc}")
add_custom_target(gnr-man-pages ALL DEPENDS ${_pages})
install(FILES ${_pages} DESTINATION share/man/man1 COMPONENT Runtime)

string(TIMESTAMP _date "%a, %d %b %Y 00:00:00 +0000" UTC)
file(WRITE "${_doc}/changelog" "gaussnewtonregistration (${PROJECT_VERSION}) unstable; urgency=medium\n\n  * CHANGELOG.md of the project has the changes.\n\n -- The authors of GaussNewtonRegistration <maintainers@gaussnewtonregistration.invalid>  ${_date}\n")
execute_process(COMMAND gzip -9nf "${_doc}/changelog" COMMAND_ERROR_IS_FATAL ANY)
set(_copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: GaussNewtonRegistration\n\nFiles: *\nCopyright: The authors of GaussNewtonRegistration\nLicense: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n")
if(GNR_FFT STREQUAL "DUCC")
  file(STRINGS "${GNR_FFT_INCLUDE_DIRS}/LICENSE.ducc0" _lines)
  string(APPEND _copyright "\nFiles: the Fourier transforms of ducc0, compiled in\nCopyright: Max-Planck-Society, Peter Bell\nLicense: BSD-3-Clause\n")
  foreach(_line IN LISTS _lines)
    string(APPEND _copyright " ${_line}\n")
  endforeach()
  string(REPLACE "\n \n" "\n .\n" _copyright "${_copyright}")
endif()
file(WRITE "${_doc}/copyright" "${_copyright}")
# The programs also hold code of the headers of these; their licences ask for their texts (Licences.cmake).
foreach(_package IN ITEMS CLI11 nlohmann_json)
  if(NOT GaussNewtonRegistration_LICENCE_${_package})
    message(FATAL_ERROR "The licence of ${_package} was not found, and the packages must carry it: install libcli11-dev and nlohmann-json3-dev, "
      "or give -DGaussNewtonRegistration_LICENCE_${_package}=<file>.")
  endif()
  install(FILES "${GaussNewtonRegistration_LICENCE_${_package}}" RENAME "copyright.${_package}"
    DESTINATION share/doc/gaussnewtonregistration-tools COMPONENT Runtime)
endforeach()
foreach(_pair RuntimeLibraries=${_library} Runtime=gaussnewtonregistration-tools Development=libgaussnewtonregistration-dev
    PluginMPI=gaussnewtonregistration-mpi)
  string(REGEX MATCH "^(.*)=(.*)$" _ "${_pair}")
  if(NOT CMAKE_MATCH_1 STREQUAL "PluginMPI" OR GaussNewtonRegistration_MPI)
    install(FILES "${_doc}/copyright" "${_doc}/changelog.gz" DESTINATION share/doc/${CMAKE_MATCH_2} COMPONENT ${CMAKE_MATCH_1})
    list(APPEND CPACK_COMPONENTS_ALL ${CMAKE_MATCH_1})
    string(TOUPPER "${CMAKE_MATCH_1}" _component)
    set(CPACK_DEBIAN_${_component}_PACKAGE_NAME "${CMAKE_MATCH_2}")
  endif()
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gaussnewtonregistration)
set(CPACK_PACKAGE_CONTACT "The authors of GaussNewtonRegistration <maintainers@gaussnewtonregistration.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(_description "Diffeomorphic Gauss-Newton-Krylov registration of 3-D images")
set(CPACK_COMPONENT_RUNTIMELIBRARIES_DESCRIPTION "${_description} (library)\n Finds a smooth and invertible deformation between two images. This package\n holds the library with its filter for ITK.")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "${_description} (programs)\n The programs gnr-register, gnr-apply and gnr-batch for files in NIfTI, NRRD\n and MetaImage.")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "${_description} (development)\n Headers and CMake files of the library and of its filter for ITK.")
set(CPACK_COMPONENT_PLUGINMPI_DESCRIPTION "${_description} (MPI)\n The plugin with which several processes register two images together.")
set(CPACK_DEBIAN_RUNTIMELIBRARIES_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION science)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PLUGINMPI_PACKAGE_SECTION science)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS "${_library} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${_library} (= ${PROJECT_VERSION}), libinsighttoolkit5-dev")
set(CPACK_DEBIAN_PLUGINMPI_PACKAGE_DEPENDS "${_library} (= ${PROJECT_VERSION})")
if(TARGET gnr-mpi) # every library in the folder of libraries has to have one
  target_link_options(gnr-mpi PRIVATE LINKER:-soname,gnr-mpi.so)
endif()
file(WRITE "${_doc}/triggers" "activate-noawait ldconfig\n") # it learns of the libraries
set(CPACK_DEBIAN_RUNTIMELIBRARIES_PACKAGE_CONTROL_EXTRA "${_doc}/triggers")
set(CPACK_DEBIAN_PLUGINMPI_PACKAGE_CONTROL_EXTRA "${_doc}/triggers")
include(CPack)
