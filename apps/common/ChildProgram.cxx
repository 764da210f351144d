// SPDX-License-Identifier: Apache-2.0
#include "ChildProgram.h"

#include "CommandLineError.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>

extern char ** environ;

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
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  pid_t     child = 0;
  const int failure = posix_spawnp(&child, pointers.front(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failure != 0)
  {
    close(ends[0]);
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
