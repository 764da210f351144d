// SPDX-License-Identifier: Apache-2.0
#include "LibraryMessages.h"

#include "Program.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <fcntl.h>
#include <unistd.h>

namespace gnrapp
{

SilentLibraries::SilentLibraries()
  : m_Out(std::cout.rdbuf(m_Text.rdbuf()))
  , m_Error(std::cerr.rdbuf(m_Text.rdbuf()))
  , m_ErrorFile(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3))
{
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (m_ErrorFile >= 0 && nowhere >= 0)
  {
    std::fflush(stderr);
    dup2(nowhere, STDERR_FILENO);
  }
  if (nowhere >= 0)
  {
    close(nowhere);
  }
}

SilentLibraries::~SilentLibraries()
{
  if (m_ErrorFile >= 0)
  {
    std::fflush(stderr);
    dup2(m_ErrorFile, STDERR_FILENO);
    close(m_ErrorFile);
  }
  std::cerr.rdbuf(m_Error);
  std::cout.rdbuf(m_Out);
}

std::string
WriterReason(const std::string & itkDescription, const std::string & temporary, const std::string & path)
{
  std::string reason = PlainDescription(itkDescription);
  for (auto at = reason.find(temporary); at != std::string::npos; at = reason.find(temporary, at + path.size()))
  {
    reason.replace(at, temporary.size(), path);
  }
  while (!reason.empty() && (reason.back() == '.' || reason.back() == ' '))
  {
    reason.pop_back();
  }
  return reason;
}

void
LeaveOutCleanup()
{
#ifdef __GLIBC__
  on_exit(
    [](int status, void *) {
      std::cout.flush();
      std::cerr.flush();
      std::fflush(nullptr);
      _exit(status);
    },
    nullptr);
#endif
}

} // namespace gnrapp
