// SPDX-License-Identifier: Apache-2.0
// What is known of launchers and MPI without any of them.
#include "gnr/Communicator.h"
#include "gnr/Error.h"
#include "gnr/Launcher.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace gnr;

namespace
{

using Variables = std::map<std::string, std::string>;

/** Variables as they are told, and as they were at the end. */
class Environment
{
public:
  explicit Environment(const std::map<std::string, std::string> & variables)

  {
    for (const char * name : { "OMPI_COMM_WORLD_SIZE",
                               "PMI_SIZE",
                               "MV2_COMM_WORLD_SIZE",
                               "SLURM_STEP_ID",
                               "SLURM_PROCID",
                               "SLURM_NTASKS",
                               "SLURM_STEP_NUM_TASKS",
                               "PMIX_RANK",
                               "PMI_RANK",
                               "PMI_FD",
                               "PMI_JOBID" })
    {
      set(name, nullptr);
    }
    for (const auto & [name, value] : variables)
    {
      set(name, value.c_str());
    }
  }
  ~Environment()
  {
    for (const auto & [name, value] : before_)
    {
      value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
    }
  }

private:
  void
  set(const std::string & name, const char * value)
  {
    const char * const old = std::getenv(name.c_str());
    before_.emplace(name, old != nullptr ? std::optional<std::string>(old) : std::nullopt);
    value != nullptr ? setenv(name.c_str(), value, 1) : unsetenv(name.c_str());
  }

  std::map<std::string, std::optional<std::string>> before_;
};

std::optional<int>
launched(const std::map<std::string, std::string> & variables)
{
  const Environment environment(variables);
  return launchedProcesses();
}

std::string
messageOf(const std::function<void()> & action)
{
  try
  {
    action();
  }
  catch (const Error & error)
  {
    EXPECT_EQ(error.kind(), ErrorKind::BadInput);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

void
expectWords(const std::string & message, const std::vector<std::string> & words)
{
  for (const std::string & word : words)
  {
    EXPECT_NE(message.find(word), std::string::npos) << "'" << word << "' is not in: " << message;
  }
}

/** A launcher of its own: a shell script. */
class FakeLauncher
{
public:
  explicit FakeLauncher(const std::string & script)
    : file_(std::string(GNR_TEST_OUTPUT) + "/launcher-" + std::to_string(getpid()) + "-" + std::to_string(++number()))
  {
    std::ofstream(file_) << "#!/bin/sh\n" << script;
    chmod(file_.c_str(), 0755);
  }
  ~FakeLauncher() { std::filesystem::remove(file_); }
  const std::string &
  file() const
  {
    return file_;
  }

private:
  static int &
  number()
  {
    static int value = 0;
    return value;
  }
  std::string file_;
};

struct Ran
{
  LaunchEnd                end;
  std::vector<std::string> lines;
};

Ran
run(const std::string & script, int processes = 2)
{
  const FakeLauncher launcher(script);
  const Environment  environment(Variables{ { "GNR_MPIEXEC", launcher.file() } });
  Launch             launch;
  launch.processes = processes;
  launch.command = { "program", "an argument" };
  Launcher started(launch);
  Ran      ran;
  ran.end = started.wait([&ran](const std::string & line) { ran.lines.push_back(line); });
  return ran;
}

} // namespace

TEST(LaunchedProcesses, AreThoseOfMpirun)
{
  EXPECT_EQ(launched({}), std::nullopt);
  EXPECT_EQ(launched({ { "OMPI_COMM_WORLD_SIZE", "4" } }), 4);
  EXPECT_EQ(launched({ { "PMI_SIZE", "3" } }), 3); // MPICH, Intel MPI
  EXPECT_EQ(launched({ { "OMPI_COMM_WORLD_SIZE", "four" } }), std::nullopt);
  EXPECT_EQ(launched({ { "OMPI_COMM_WORLD_SIZE", "" } }), std::nullopt);
}

TEST(LaunchedProcesses, AreThoseOfSrunButNotOfABatchShell)
{
  const std::map<std::string, std::string> shell = { { "SLURM_NTASKS", "4" }, { "SLURM_PROCID", "0" } };
  const auto                               with = [&shell](std::map<std::string, std::string> more) {
    more.insert(shell.begin(), shell.end());
    return launched(more);
  };
  EXPECT_EQ(with({}), std::nullopt);
  EXPECT_EQ(with({ { "SLURM_STEP_ID", "4294967291" }, { "PMIX_RANK", "0" } }), std::nullopt); // the batch step
  EXPECT_EQ(with({ { "SLURM_STEP_ID", "4294967290" }, { "PMIX_RANK", "0" } }), std::nullopt); // salloc's shell
  EXPECT_EQ(with({ { "SLURM_STEP_ID", "0" } }), std::nullopt);                                // srun --mpi=none
  EXPECT_EQ(with({ { "SLURM_STEP_ID", "0" }, { "PMIX_RANK", "1" } }), 4);
  EXPECT_EQ(with({ { "SLURM_STEP_ID", "2" }, { "PMIX_RANK", "1" }, { "SLURM_STEP_NUM_TASKS", "3" } }), 3);
  EXPECT_EQ(with({ { "SLURM_STEP_ID", "2" }, { "PMI_RANK", "1" }, { "PMI_SIZE", "3" } }), 3);
}

TEST(MpiPlugin, ThatIsMissingIsToldWithTheRemedy)
{
  const Environment environment(Variables{ { "GNR_PLUGIN_PATH", "/nowhere" } });
  const auto        message = messageOf([] { makeMpiCommunicator(); });
  expectWords(message,
              { "/nowhere/gnr-mpi.so does not exist",
                "-DGaussNewtonRegistration_MPI=ON",
                "apt-get install libopenmpi-dev openmpi-bin" });
}

TEST(MpiPlugin, ThatCannotBeOpenedIsToldWithTheReason)
{
  const std::string folder = std::string(GNR_TEST_OUTPUT) + "/plugin-" + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/gnr-mpi.so") << "not a library";
  {
    const Environment environment(Variables{ { "GNR_PLUGIN_PATH", folder } });
    expectWords(messageOf([] { makeMpiCommunicator(); }),
                { folder + "/gnr-mpi.so cannot be opened: ", "apt-get install libopenmpi3 openmpi-bin" });
  }
  std::filesystem::remove_all(folder);
}

TEST(Mpi, IsNotInitializedByAsking)
{
  EXPECT_FALSE(isMpiInitialized());
}

TEST(Launcher, ThatIsMissingIsToldWithTheRemedy)
{
  Launch launch;
  launch.command = { "true" };
  {
    const Environment environment(Variables{ { "GNR_MPIEXEC", "/nowhere/mpirun -v" } });
    expectWords(messageOf([&] { Launcher l(launch); }), { "GNR_MPIEXEC names '/nowhere/mpirun -v'" });
  }
}

TEST(Launcher, StartsTheProgramWithItsArguments)
{
  const auto ran = run("for a in \"$@\"; do echo \"<$a>\" >&2; done; echo no new line | tr -d '\\n' >&2", 5);
  EXPECT_EQ(ran.lines, (std::vector<std::string>{ "<-np>", "<5>", "<program>", "<an argument>", "no new line" }));
  EXPECT_EQ(ran.end.exitCode, 0);
  EXPECT_EQ(ran.end.signal, 0);
}

TEST(Launcher, TellsHowItHasEnded)
{
  auto ran = run("exit 3");
  EXPECT_EQ(ran.end.exitCode, 3);
  EXPECT_EQ(ran.end.signal, 0);
  ran = run("exit 137"); // as mpirun tells that a process was killed
  EXPECT_EQ(ran.end.exitCode, 0);
  EXPECT_EQ(ran.end.signal, SIGKILL);
  ran = run("kill -TERM $$");
  EXPECT_EQ(ran.end.signal, SIGTERM);
}

TEST(Launcher, KeepsTheWordsOfTheProgramApart)
{
  const auto ran = run("cat >&2 <<'END'\n"
                       "gnr-register: error: the first\n"
                       "--------------------------------------------------------------------------\n"
                       "mpirun noticed that\n"
                       "something happened\n"
                       "--------------------------------------------------------------------------\n"
                       "[machine:12345] 2 more processes have sent help message help-orte\n"
                       "[mpiexec@machine] ONE PROCESS\n"
                       "srun: error: task 1: Killed\n"
                       "  [1] a line of the program\n"
                       "END\n");
  EXPECT_EQ(ran.lines, (std::vector<std::string>{ "gnr-register: error: the first", "  [1] a line of the program" }));
  expectWords(ran.end.complaints, { "mpirun noticed that\nsomething happened\n", "[machine:12345]", "srun: error" });
}

TEST(Launcher, TakesOutWhatAnotherLauncherHasTold)
{
  const Environment environment(Variables{ { "PMIX_RANK", "3" },
                                           { "OMPI_COMM_WORLD_SIZE", "4" },
                                           { "OMPI_MCA_orte_node_regex", "x" },
                                           { "OMPI_MCA_btl", "self,tcp" } });
  const auto        ran = run("env | grep -E '^(OMPI|PMIX|PMI)_' | sort >&2");
  for (const std::string & line : ran.lines)
  {
    const auto at = line.find("/gnr-mpi-" + std::to_string(getpid()) + "-"); // where Open MPI shall keep its files
    EXPECT_TRUE(at == std::string::npos || !std::filesystem::exists(line.substr(line.find('=') + 1))) << "is left";
    EXPECT_TRUE(at != std::string::npos || line.rfind("OMPI_MCA_btl=", 0) == 0 ||
                line.rfind("OMPI_ALLOW_RUN_AS_ROOT", 0) == 0 || line == "OMPI_MCA_rmaps_base_oversubscribe=1" ||
                line == "OMPI_MCA_hwloc_base_binding_policy=none")
      << line;
  }
  EXPECT_GE(ran.lines.size(), 3u);
}
