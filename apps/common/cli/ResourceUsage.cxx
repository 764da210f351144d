// SPDX-License-Identifier: Apache-2.0
#include "ResourceUsage.h"

#include <algorithm>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace gnrapp
{

std::optional<std::size_t>
ResidentBytes()
{
  std::size_t total = 0;
  std::size_t resident = 0; // in pages
  if (std::ifstream("/proc/self/statm") >> total >> resident)
  {
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  }
  return {};
}

ResourceUsage
MeasureResourceUsage(std::chrono::steady_clock::time_point start)
{
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  rusage workers{}; // of worker processes that have ended
  getrusage(RUSAGE_CHILDREN, &workers);
  auto seconds = [](const timeval & time) { return static_cast<double>(time.tv_sec) + 1e-6 * time.tv_usec; };

  ResourceUsage result;
  result.wallSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.cpuSeconds =
    seconds(usage.ru_utime) + seconds(usage.ru_stime) + seconds(workers.ru_utime) + seconds(workers.ru_stime);
#ifdef __APPLE__
  result.peakBytes = static_cast<std::size_t>(std::max(usage.ru_maxrss, workers.ru_maxrss));
#else
  constexpr std::size_t kibibyte = 1024;
  result.peakBytes = static_cast<std::size_t>(std::max(usage.ru_maxrss, workers.ru_maxrss)) * kibibyte;
#endif
  return result;
}

} // namespace gnrapp
