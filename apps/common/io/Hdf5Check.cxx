// SPDX-License-Identifier: Apache-2.0
#include "Hdf5Check.h"

#include "common/cli/CommandLineError.h"

#include "itkTransformFileReader.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <fstream>

namespace gnrapp
{
namespace
{

constexpr rlim_t mostBytes = rlim_t(64) << 20; // beside what the program has; texts come before large fields
constexpr rlim_t mostSeconds = 5;

// What the library says where the length of a text is damaged.
constexpr const char * faultOfText = "variable length string";

/** In a process that is thrown away afterwards. */
[[noreturn]] void
TryOut(const std::string & path)
{
  for (const int signal : { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT, SIGHUP })
  {
    std::signal(signal, SIG_DFL);
  }
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  std::ifstream pages("/proc/self/statm");
  rlim_t        size = 0;
  pages >> size;
  const rlimit memory{ size * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + mostBytes, RLIM_INFINITY };
  const rlimit seconds{ mostSeconds, mostSeconds }, core{ 0, 0 };
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CPU, &seconds);
  setrlimit(RLIMIT_CORE, &core);
  bool isDamaged = false;
  try
  {
    const auto reader = itk::TransformFileReaderTemplate<double>::New();
    reader->SetFileName(path);
    reader->Update();
  }
  catch (const std::exception & error)
  {
    isDamaged = std::strstr(error.what(), faultOfText) != nullptr;
  }
  catch (...) // without memory: it is for the program itself to tell
  {}
  _exit(isDamaged ? 1 : 0);
}

} // namespace

std::optional<std::string>
FaultOfHdf5(const std::string & path)
{
  const pid_t child = fork();
  if (child < 0)
  {
    throw CommandLineError(path + ": no process could be started to look at it (" + std::strerror(errno) +
                             "). End other programs, or raise the limit of processes",
                           ExitCode::OutOfResources);
  }
  if (child == 0)
  {
    TryOut(path);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
  {
  }
  const bool isDamaged = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  return isDamaged ? std::optional<std::string>("its HDF5 structure is damaged") : std::nullopt;
}

} // namespace gnrapp
