// SPDX-License-Identifier: Apache-2.0
#include "ProcessLauncher.h"

#include "TemporaryFiles.h"

#include "gnr/Communicator.h"
#include "gnr/Error.h"
#include "gnr/Launcher.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>
#include <system_error>

namespace gnrapp
{
namespace
{

constexpr int                endingSignals[] = { SIGINT, SIGTERM, SIGHUP };
constexpr int                requestSignals[] = { SIGUSR1, SIGUSR2, SIGTERM };
std::atomic<gnr::Launcher *> running{ nullptr };
volatile std::sig_atomic_t   receivedSignal = 0; ///< that ends the run

extern "C" void
ForwardSignal(int signalNumber)
{
  receivedSignal = signalNumber;
  if (const gnr::Launcher * launcher = running)
  {
    launcher->signal(SIGTERM); // launchers take SIGINT for a question
  }
}

/** Of a run that writes checkpoints. Launchers pass these two on; at SIGTERM they leave a second to the processes. */
extern "C" void
ForwardRequest(int signalNumber)
{
  if (const gnr::Launcher * launcher = running)
  {
    launcher->signal(signalNumber == SIGUSR1 ? SIGUSR1 : SIGUSR2);
  }
}

template <std::size_t N>
void
HandleSignals(void (*handler)(int), const int (&signalNumbers)[N])
{
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signalNumber : signalNumbers)
  {
    // A signal that the parent chose to ignore (nohup) stays ignored.
    struct sigaction previous{};
    sigaction(signalNumber, nullptr, &previous);
    if (previous.sa_handler != SIG_IGN)
    {
      sigaction(signalNumber, &action, nullptr);
    }
  }
}

/** This program. */
std::string
OwnFile(const char * name)
{
  std::error_code   error;
  const std::string file = std::filesystem::read_symlink("/proc/self/exe", error).string();
  return error ? name : file;
}

/** In one line, and not all that a launcher has to say. */
std::string
Shortened(const std::string & text)
{
  std::string result;
  for (const char c : text)
  {
    const bool isBlank = c == ' ' || c == '\n' || c == '\t';
    if (!isBlank || (!result.empty() && result.back() != ' '))
    {
      result += isBlank ? ' ' : c;
    }
  }
  constexpr std::size_t longest = 600;
  return result.size() <= longest ? result : result.substr(0, longest) + " ...";
}

/** Removes a folder at the end that was not there at the beginning, if it is empty. */
class NewFolder
{
public:
  explicit NewFolder(const std::string & path)
    : m_Path(path)
  {
    std::error_code none;
    m_IsNew = !path.empty() && !std::filesystem::exists(path, none);
  }
  ~NewFolder()
  {
    if (m_IsNew)
    {
      RemoveLeftovers(m_Path); // of a process that was killed
      rmdir(m_Path.c_str());   // fails where there are results, or nothing
    }
  }
  NewFolder(const NewFolder &) = delete;
  NewFolder &
  operator=(const NewFolder &) = delete;

private:
  std::string m_Path;
  bool        m_IsNew;
};

bool
IsExitCode(int code, const SharedRun & run)
{
  return code == run.requeueExitCode || code == static_cast<int>(ExitCode::Success) ||
         code == static_cast<int>(ExitCode::BadInput) || code == static_cast<int>(ExitCode::OutOfResources) ||
         code == static_cast<int>(ExitCode::NumericalFailure) || code == static_cast<int>(ExitCode::TimeLimit);
}

/** \param hasMessage the processes have said on standard error what went wrong. */
ExitCode
ExitCodeOf(const gnr::LaunchEnd & end, const SharedRun & run, const std::string & command, bool hasMessage)
{
  if (receivedSignal != 0)
  {
    return static_cast<ExitCode>(128 + receivedSignal); // as the program without --processes
  }
  if (end.signal == 0 && IsExitCode(end.exitCode, run) &&
      (hasMessage || end.exitCode == static_cast<int>(ExitCode::Success) || end.exitCode == run.requeueExitCode ||
       end.exitCode == static_cast<int>(ExitCode::TimeLimit)))
  {
    return static_cast<ExitCode>(end.exitCode);
  }
  if (hasMessage)
  {
    return ExitCode::OutOfResources; // the others tell of the process that was killed
  }
  if (end.signal != 0)
  {
    throw CommandLineError(std::string("--processes: a process was ended by a signal (") + strsignal(end.signal) +
                             (end.signal == SIGKILL
                                ? "). The system does that where memory is short: use a machine with more of it, or "
                                  "images with fewer voxels"
                                : "), and the others with it"),
                           ExitCode::OutOfResources);
  }
  throw CommandLineError("--processes: " + command + " has failed (exit code " + std::to_string(end.exitCode) + ")" +
                           (end.complaints.empty() ? "" : ": " + Shortened(end.complaints)) +
                           ". Try mpirun -np 2 hostname, or name another launcher by GNR_MPIEXEC",
                         ExitCode::OutOfResources);
}

} // namespace

std::optional<ExitCode>
RunAsProcesses(const std::string & program,
               std::optional<int>  processes,
               const std::string & outputFolder,
               const SharedRun &   run,
               char *              argv[])
{
  const std::optional<int> launched = gnr::launchedProcesses();
  if (launched && processes && *launched != *processes)
  {
    throw CommandLineError("--processes: a launcher has started " + std::to_string(*launched) +
                           " of them, and this option asks for " + std::to_string(*processes) + ". Leave it out");
  }
  if (launched || processes.value_or(1) == 1)
  {
    return std::nullopt;
  }

  const NewFolder folder(outputFolder); // outlives the processes
  gnr::Launch     launch;
  launch.processes = *processes;
  launch.command.push_back(OwnFile(argv[0]));
  for (char ** argument = argv + 1; *argument != nullptr; ++argument)
  {
    launch.command.emplace_back(*argument);
  }
  HandleSignals(ForwardSignal, endingSignals);
  if (run.hasCheckpoint)
  {
    HandleSignals(ForwardRequest, requestSignals);
  }
  std::cout.flush();
  std::unique_ptr<gnr::Launcher> launcher;
  try
  {
    launcher = std::make_unique<gnr::Launcher>(launch);
  }
  catch (const gnr::Error & error)
  {
    throw CommandLineError(std::string("--processes: ") + error.what(),
                           error.kind() == gnr::ErrorKind::BadInput ? ExitCode::BadInput : ExitCode::OutOfResources);
  }
  running = launcher.get();
  if (receivedSignal != 0)
  {
    launcher->signal(SIGTERM); // it came before there was anybody to tell
  }
  const std::string     errorBegin = program + ": error: ";
  bool                  hasMessage = false;
  std::set<std::string> printed;
  const gnr::LaunchEnd  end = launcher->wait([&](const std::string & line) {
    const bool isError = line.compare(0, errorBegin.size(), errorBegin) == 0;
    if (receivedSignal != 0 || (isError && hasMessage) || !printed.insert(line).second)
    {
      return; // one message, once
    }
    hasMessage = hasMessage || isError;
    std::cerr << line << std::endl;
  });
  running = nullptr;
  return ExitCodeOf(end, run, launcher->command().substr(0, launcher->command().find(' ')), hasMessage);
}

} // namespace gnrapp
