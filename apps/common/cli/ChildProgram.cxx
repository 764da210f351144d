// SPDX-License-Identifier: Apache-2.0
#include "ChildProgram.h"

#include "CommandLineError.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace gnrapp
{
namespace
{

std::atomic<pid_t> running{ 0 };
static_assert(std::atomic<pid_t>::is_always_lock_free);

std::string
ReadAll(int descriptor)
{
  std::string text;
  char        part[4096];
  for (;;)
  {
    const ssize_t count = read(descriptor, part, sizeof part);
    if (count > 0)
    {
      text.append(part, static_cast<std::size_t>(count));
    }
    else if (count == 0 || errno != EINTR)
    {
      return text;
    }
  }
}

} // namespace

std::string
ProgramBeside(const std::string & name)
{
  std::error_code             error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? name : (self.parent_path() / name).string();
}

ChildEnd
RunChild(const std::vector<std::string> & arguments)
{
  std::vector<char *> pointers;
  for (const std::string & argument : arguments)
  {
    pointers.push_back(const_cast<char *>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  int        ends[2];
  const auto refuse = [&](int error) {
    throw CommandLineError(arguments.front() + ": cannot be started (" + std::strerror(error) +
                             "). Install it beside this program",
                           ExitCode::OutOfResources);
  };
  if (pipe2(ends, O_CLOEXEC) != 0)
  {
    refuse(errno);
  }
  // Not posix_spawn(): the child is to end with this process, or it would go on writing what the next run writes.
  int failures[2];
  if (pipe2(failures, O_CLOEXEC) != 0)
  {
    refuse(errno);
  }
  const pid_t self = getpid(), child = fork();
  if (child < 0)
  {
    refuse(errno);
  }
  if (child == 0)
  {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (getppid() == self && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(nothing, STDOUT_FILENO) >= 0 &&
        dup2(ends[1], STDERR_FILENO) >= 0)
    {
      execvp(pointers.front(), pointers.data());
    }
    const int     error = errno;
    const ssize_t written = write(failures[1], &error, sizeof error);
    _exit(written == sizeof error ? 127 : 126);
  }
  close(ends[1]);
  close(failures[1]);
  int  failure = 0;
  auto told = read(failures[0], &failure, sizeof failure);
  while (told < 0 && errno == EINTR)
  {
    told = read(failures[0], &failure, sizeof failure);
  }
  close(failures[0]);
  if (told > 0)
  {
    close(ends[0]);
    waitpid(child, nullptr, 0);
    refuse(failure);
  }
  running = child;
  ChildEnd end;
  end.errors = ReadAll(ends[0]);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
  {
  }
  running = 0;
  end.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return end;
}

extern "C" void
ForwardToChild(int signalNumber)
{
  if (const pid_t child = running)
  {
    kill(child, signalNumber);
  }
}

} // namespace gnrapp
