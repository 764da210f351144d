// SPDX-License-Identifier: Apache-2.0
#include "Picture.h"

#include "common/cli/CommandLineError.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char ** environ;

namespace gnrapp
{

std::string
FindPictureProgram()
{
  std::error_code             error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error)
  {
    return "gnr-view"; // no /proc on this system; it is searched on the PATH
  }
  const std::filesystem::path program = self.parent_path() / "gnr-view";
  if (access(program.c_str(), X_OK) != 0)
  {
    throw CommandLineError("--picture: " + program.string() +
                           " is not there; it is built where VTK is found. Install VTK 9 (Debian, Ubuntu: apt-get "
                           "install libvtk9-dev), configure and build again; or leave --picture out");
  }
  return program.string();
}

std::string
PictureName(const RegistrationSettings & settings)
{
  return ResultName(settings, "quality.png");
}

void
DrawPicture(const std::string & program, const RegistrationSettings & settings)
{
  std::cout.flush();
  const std::string  viewed = settings.bids ? ResultName(settings, "report.json") : settings.prefix;
  const char * const arguments[] = { program.c_str(), "--quiet", viewed.c_str(), nullptr };
  pid_t              child = 0;
  int                status = 0;
  const int          failure =
    posix_spawnp(&child, program.c_str(), nullptr, nullptr, const_cast<char * const *>(arguments), environ);
  if (failure != 0)
  {
    throw CommandLineError("--picture: " + program + " cannot be started (" + std::strerror(failure) +
                           "). The other files are complete");
  }
  while (waitpid(child, &status, 0) < 0)
  {
    if (errno != EINTR)
    {
      throw CommandLineError(std::string("--picture: gnr-view was lost (") + std::strerror(errno) + ")");
    }
  }
  const std::string picture = PictureName(settings);
  if (status != 0)
  {
    const bool isStale = std::filesystem::exists(picture);
    throw CommandLineError("--picture: gnr-view drew no picture" +
                             (WIFEXITED(status) ? std::string("; its message stands above")
                                                : " (signal " + std::to_string(WTERMSIG(status)) + ")") +
                             ". The other files are complete: gnr-view " + viewed + " tries it again" +
                             (isStale ? ". " + picture + " is left from an earlier run" : std::string()),
                           WIFEXITED(status) ? static_cast<ExitCode>(WEXITSTATUS(status)) : ExitCode::OutOfResources);
  }
  if (!settings.quiet)
  {
    std::cout << "  " << picture << std::endl;
  }
}

} // namespace gnrapp
