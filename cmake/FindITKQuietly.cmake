# SPDX-License-Identifier: Apache-2.0
# Finds ITK 5.2 or newer without the pages of notes that its third parties print while they are looked up.
set(_gnr_log_level "${CMAKE_MESSAGE_LOG_LEVEL}")
if(NOT CMAKE_MESSAGE_LOG_LEVEL)
  set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
endif()
find_package(ITK QUIET ${ITK_FIND_COMPONENTS_WANTED})
set(CMAKE_MESSAGE_LOG_LEVEL "${_gnr_log_level}")

if(NOT ITK_FOUND)
  message(FATAL_ERROR "ITK was not found. Install it (Debian, Ubuntu: apt-get install libinsighttoolkit5-dev) or pass "
    "-DITK_DIR=<folder that holds ITKConfig.cmake>.")
endif()
if(NOT ITK_VERSION)
  set(ITK_VERSION "${ITK_VERSION_MAJOR}.${ITK_VERSION_MINOR}.${ITK_VERSION_PATCH}")
endif()
if(ITK_VERSION VERSION_LESS 5.2)
  message(FATAL_ERROR "ITK ${ITK_VERSION} in ${ITK_DIR} is too old: 5.2 or newer is needed. Pass another -DITK_DIR.")
endif()
