// SPDX-License-Identifier: Apache-2.0
#include "gnr/Launcher.h"

#include "parallel/ScratchFolder.h"

#include "gnr/Error.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <regex>
#include <sstream>

#ifdef __linux__
#  include <sys/prctl.h>
#endif

// Set by src/CMakeLists.txt where the plugin for MPI is built.
#ifndef GNR_MPIEXEC_OF_BUILD
#  define GNR_MPIEXEC_OF_BUILD ""
#endif

extern char ** environ;

namespace gnr
{
namespace
{

bool
isProgram(const std::string & file)
{
  return access(file.c_str(), X_OK) == 0 && !std::filesystem::is_directory(file);
}

/** Empty: there is none. */
std::string
onPath(const std::string & name)
{
  if (name.find('/') != std::string::npos)
  {
    return isProgram(name) ? name : "";
  }
  const char * const path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
  {
    const std::string file = (folder.empty() ? "." : folder) + "/" + name;
    if (isProgram(file))
    {
      return file;
    }
  }
  return "";
}

/** The launcher with its options. */
std::vector<std::string>
findLauncher()
{
  const char * const named = std::getenv("GNR_MPIEXEC");
  if (named != nullptr && *named != '\0')
  {
    std::istringstream       text(named);
    std::vector<std::string> words;
    for (std::string word; text >> word;)
    {
      words.push_back(word);
    }
    const std::string file = words.empty() ? "" : onPath(words[0]);
    if (file.empty())
    {
      throw Error(ErrorKind::BadInput,
                  std::string("several processes: GNR_MPIEXEC names '") + named +
                    "', which is no program; let it name mpirun, mpiexec or srun, or unset it");
    }
    words[0] = file;
    return words;
  }
  for (const char * name : { GNR_MPIEXEC_OF_BUILD, "mpirun", "mpiexec", "srun" })
  {
    const std::string file = *name != '\0' ? onPath(name) : "";
    if (!file.empty())
    {
      return { file };
    }
  }
  throw Error(ErrorKind::BadInput,
              "several processes: neither mpirun nor mpiexec nor srun is on PATH; install an MPI library (Debian, "
              "Ubuntu: apt-get install openmpi-bin), or name its launcher by GNR_MPIEXEC");
}

/** What a launcher, or an MPI library that was initialised without one, tells its processes about themselves: the new
 * ones would take it for theirs. The user's own settings stay. */
bool
isOfAnotherLaunch(const std::string & variable)
{
  if (variable.compare(0, 9, "PMIX_MCA_") == 0)
  {
    return false;
  }
  for (const char * begin : { "PMIX_",
                              "PMI_",
                              "OMPI_COMM_",
                              "OMPI_UNIVERSE_",
                              "OMPI_ARGV",
                              "OMPI_COMMAND",
                              "OMPI_NUM_APP",
                              "OMPI_FIRST_RANKS",
                              "OMPI_FILE_LOCATION",
                              "OMPI_APP_CTX",
                              "OMPI_MCA_orte_",
                              "OMPI_MCA_ess",
                              "OMPI_MCA_pmix",
                              "OMPI_MCA_initial_wdir",
                              "OMPI_MCA_mpi_oversubscribe",
                              "PRTE_MCA_ess",
                              "HYDI_CONTROL_FD",
                              "MPI_LOCALNRANKS",
                              "MPI_LOCALRANKID" })
  {
    if (variable.compare(0, std::strlen(begin), begin) == 0)
    {
      return true;
    }
  }
  return false;
}

using Variables = std::vector<std::pair<std::string, std::string>>;

/** Whether the launcher starts all processes on this machine, as far as one can see: no options of the user, and no
 * batch system that may have given others. */
bool
isOfThisMachine(const std::vector<std::string> & launcher, bool isSrun)
{
  const auto isSet = [](const char * variable) { return std::getenv(variable) != nullptr; };
  return launcher.size() == 1 && !isSrun && !isSet("SLURM_JOB_ID") && !isSet("PBS_JOBID") && !isSet("LSB_JOBID") &&
         !isSet("JOB_ID") && !isSet("OMPI_MCA_orte_default_hostfile");
}

/** Where Open MPI shall keep its shared memory and its other files: in folders that the next run finds. The names of
 * sockets are short, so that a long TMPDIR is left as it is. */
Variables
placesOf(std::vector<std::unique_ptr<ScratchFolder>> & folders)
{
  constexpr std::size_t longest = 32;
  const char * const    variable = std::getenv("TMPDIR");
  const std::string     temporary = variable != nullptr && *variable != '\0' ? variable : "/tmp";
  Variables             places;
  const auto            place = [&](const std::string & parent, std::vector<std::string> names) {
    if (auto folder = ScratchFolder::makeIn(parent))
    {
      folders.push_back(std::make_unique<ScratchFolder>(std::move(*folder)));
      for (const std::string & name : names)
      {
        places.emplace_back(name, folders.back()->path());
      }
    }
  };
  place("/dev/shm", { "OMPI_MCA_btl_vader_backing_directory", "OMPI_MCA_btl_sm_backing_directory" });
  if (temporary.size() <= longest)
  {
    place(temporary, { "OMPI_MCA_orte_tmpdir_base", "PRTE_MCA_prte_tmpdir_base" });
  }
  return places;
}

/** For Open MPI 4 (OMPI) and 5 (PRTE); MPICH asks nothing of the kind, but may work on UCX. */
std::vector<std::string>
environmentOf(const Launch & launch, const Variables & places)
{
  Variables defaults = {
    { "OMPI_MCA_rmaps_base_oversubscribe", "1" },
    { "OMPI_MCA_hwloc_base_binding_policy", "none" },
    { "PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe" },
    { "PRTE_MCA_hwloc_default_binding_policy", "none" },
    { "UCX_LOG_LEVEL", "error" }, // it warns, on standard output, of messages that a failure has left behind
  };
  defaults.insert(defaults.end(), places.begin(), places.end());
  if (geteuid() == 0)
  {
    for (const char * name : { "OMPI_ALLOW_RUN_AS_ROOT",
                               "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                               "PRTE_ALLOW_RUN_AS_ROOT",
                               "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM" })
    {
      defaults.emplace_back(name, "1");
    }
  }
  std::vector<std::string> result;
  for (char ** variable = environ; *variable != nullptr; ++variable)
  {
    const std::string text = *variable;
    const std::string name = text.substr(0, text.find('='));
    const auto        is = [&name](const auto & other) { return other.first == name; };
    if (!isOfAnotherLaunch(name) && std::none_of(launch.environment.begin(), launch.environment.end(), is))
    {
      result.push_back(text);
      defaults.erase(std::remove_if(defaults.begin(), defaults.end(), is), defaults.end()); // the user knows better
    }
  }
  for (const auto & list : { defaults, launch.environment })
  {
    for (const auto & [name, value] : list)
    {
      result.push_back(name + "=" + value);
    }
  }
  return result;
}

std::vector<char *>
pointers(std::vector<std::string> & texts)
{
  std::vector<char *> result;
  for (std::string & text : texts)
  {
    result.push_back(&text[0]);
  }
  result.push_back(nullptr);
  return result;
}

/** Both ends, which programs that are started do not get. */
std::array<int, 2>
makePipe()
{
  std::array<int, 2> ends{ { -1, -1 } };
  if (pipe(ends.data()) != 0)
  {
    throw Error(ErrorKind::OutOfResources,
                std::string("several processes: the system gives no pipe: ") + std::strerror(errno));
  }
  for (const int end : ends)
  {
    fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  return ends;
}

void
closeEnd(int & end)
{
  if (end >= 0)
  {
    close(end);
    end = -1;
  }
}

/** Lines that frame what Open MPI (----) and MPICH (====) have to say. */
bool
isFrame(const std::string & line)
{
  return line.size() >= 20 &&
         (line.find_first_not_of('-') == std::string::npos || line.find_first_not_of('=') == std::string::npos);
}

/** Other lines of launchers: `[machine:1234] ...`, `[mpiexec@machine] ...`, `srun: error: ...`. */
bool
isOfLauncher(const std::string & line)
{
  static const std::regex own(
    R"(^(\[[^\]\s]+[:@][^\]]*\]|srun:|slurmstepd:|YOUR APPLICATION TERMINATED|This typically )"
    R"(refers to a problem|Please see the FAQ page|mpirun:|mpiexec:|prterun:).*)");
  return std::regex_match(line, own);
}

} // namespace

Launcher::Launcher(const Launch & launch)
{
  std::vector<std::string> words = findLauncher();
  const bool               isSrun = std::filesystem::path(words[0]).filename() == "srun";
  const Variables          places = isOfThisMachine(words, isSrun) ? placesOf(scratch_) : Variables();
  words.push_back(isSrun ? "-n" : "-np");
  words.push_back(std::to_string(launch.processes));
  words.insert(words.end(), launch.command.begin(), launch.command.end());
  for (const std::string & word : words)
  {
    command_ += (command_.empty() ? "" : " ") + word;
  }

  // All memory before fork(): another thread of the host may hold the lock of its allocator.
  std::vector<std::string> environment = environmentOf(launch, places);
  std::vector<char *>      arguments = pointers(words);
  std::vector<char *>      variables = pointers(environment);
  std::array<int, 2>       in{ { open("/dev/null", O_RDONLY | O_CLOEXEC), -1 } }, out{ { -1, -1 } };
  if (launch.pipes)
  {
    closeEnd(in[0]);
    in = makePipe();
    out = makePipe();
  }
  std::array<int, 2> errors = makePipe(), failure = makePipe();
  const pid_t        parent = getpid();
  pid_ = fork();
  if (pid_ == 0)
  {
    setpgid(0, 0); // signals of the terminal reach the launcher through this process alone
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
    {
      _exit(127);
    }
#endif
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(in[0], STDIN_FILENO);
    if (out[1] >= 0)
    {
      dup2(out[1], STDOUT_FILENO);
    }
    dup2(errors[1], STDERR_FILENO);
    execve(arguments[0], arguments.data(), variables.data());
    const int     reason = errno;
    const ssize_t told = write(failure[1], &reason, sizeof(reason));
    _exit(told == sizeof(reason) ? 127 : 126);
  }
  const int forkError = errno;
  closeEnd(in[0]);
  closeEnd(out[1]);
  closeEnd(errors[1]);
  closeEnd(failure[1]);
  input_ = in[1];
  output_ = out[0];
  errors_ = errors[0];
  int     reason = 0;
  ssize_t got = 0;
  do
  {
    got = pid_ > 0 ? read(failure[0], &reason, sizeof(reason)) : 0;
  } while (got < 0 && errno == EINTR);
  closeEnd(failure[0]);
  if (pid_ < 0 || got == static_cast<ssize_t>(sizeof(reason)))
  {
    if (pid_ > 0)
    {
      waitpid(pid_, nullptr, 0);
      pid_ = -1;
    }
    closeEnd(input_);
    closeEnd(output_);
    closeEnd(errors_);
    throw Error(ErrorKind::OutOfResources,
                "several processes: " + words[0] +
                  " cannot be started: " + std::strerror(got > 0 ? reason : forkError));
  }
}

Launcher::~Launcher()
{
  if (pid_ > 0)
  {
    signal(SIGTERM);
    closeEnd(input_);
    closeEnd(output_);
    wait([](const std::string &) {});
  }
  closeEnd(input_);
  closeEnd(output_);
  closeEnd(errors_);
}

void
Launcher::closeInput()
{
  closeEnd(input_);
}

void
Launcher::signal(int number) const
{
  if (pid_ > 0)
  {
    kill(pid_, number);
  }
}

void
Launcher::takeErrors(const LineCallback & onErrorLine, bool atEnd)
{
  if (atEnd && !unfinishedLine_.empty())
  {
    unfinishedLine_ += '\n';
  }
  for (std::size_t end = unfinishedLine_.find('\n'); end != std::string::npos; end = unfinishedLine_.find('\n'))
  {
    const std::string line = unfinishedLine_.substr(0, end);
    unfinishedLine_.erase(0, end + 1);
    if (isFrame(line))
    {
      inBlock_ = !inBlock_;
    }
    else if (inBlock_ || isOfLauncher(line))
    {
      complaints_ += line + "\n";
    }
    else if (!line.empty())
    {
      onErrorLine(line);
    }
  }
}

LaunchEnd
Launcher::wait(const LineCallback & onErrorLine)
{
  char buffer[4096];
  for (;;)
  {
    const ssize_t got = read(errors_, buffer, sizeof(buffer));
    if (got > 0)
    {
      unfinishedLine_.append(buffer, got);
      takeErrors(onErrorLine, false);
    }
    else if (got == 0 || errno != EINTR)
    {
      break;
    }
  }
  takeErrors(onErrorLine, true);
  int   status = 0;
  pid_t ended = -1;
  do
  {
    ended = waitpid(pid_, &status, 0);
  } while (ended < 0 && errno == EINTR);
  pid_ = -1;
  LaunchEnd end;
  end.complaints = complaints_;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  // As shells do, launchers add 128 to the number of the signal that has ended a process.
  (code > 128 ? end.signal : end.exitCode) = code > 128 ? code - 128 : code;
  return end;
}

} // namespace gnr
