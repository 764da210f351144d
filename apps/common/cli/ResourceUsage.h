// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_ResourceUsage_h
#define gnrapp_ResourceUsage_h

#include <chrono>
#include <cstddef>
#include <optional>

namespace gnrapp
{

/** What this process, and the workers that it had, have used so far. */
struct ResourceUsage
{
  double      wallSeconds = 0.0; ///< since the start of the program
  double      cpuSeconds = 0.0;  ///< user and system, all threads, all processes
  std::size_t peakBytes = 0;     ///< largest resident set of a process
};

/** The resident set of this process now, bytes; nothing where the system does not tell. */
std::optional<std::size_t>
ResidentBytes();

/** `start` is the time at which the program began. */
ResourceUsage
MeasureResourceUsage(std::chrono::steady_clock::time_point start);

} // namespace gnrapp

#endif
