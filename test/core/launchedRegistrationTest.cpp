// SPDX-License-Identifier: Apache-2.0
// Registrations in worker processes: the same as by ranks in this process, and what happens where something goes wrong.
#include "threads.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <thread>

using namespace gnr;

namespace
{

constexpr unsigned int timeLimit = 240; // seconds: a launcher that hangs fails the test

std::vector<float>
blobs(const Grid & grid, double shift)
{
  std::vector<float> values;
  for (int k = 0; k < grid.size[2]; ++k)
  {
    for (int j = 0; j < grid.size[1]; ++j)
    {
      for (int i = 0; i < grid.size[0]; ++i)
      {
        const double x = (i + 0.5) / grid.size[0] - 0.5 - shift, y = (j + 0.5) / grid.size[1] - 0.5,
                     z = (k + 0.5) / grid.size[2] - 0.5 + 0.5 * shift;
        values.push_back(
          static_cast<float>(std::exp(-(x * x + y * y + z * z) / 0.06) + 0.5 * std::exp(-60 * (x * x + z * z))));
      }
    }
  }
  return values;
}

struct Case
{
  Grid               grid{ { { 24, 26, 33 } }, { { 1.0, 1.2, 0.8 } } };
  Options            options;
  std::vector<float> fixed = blobs(grid, 0.0);
  std::vector<float> moving = blobs(grid, 0.05);
  std::vector<float> weight, velocity, incompressibility;
  std::vector<float> secondFixed, secondMoving; ///< empty: there is one pair

  std::vector<LandmarkPair> landmarks;

  Case()
  {
    options.similarity = SimilarityMeasure::SumOfSquares;
    options.device = Device::Cpu;
    options.threads = 3;
  }
};

struct Outcome
{
  std::vector<float> displacement;
  std::vector<float> inverse;
  std::vector<float> velocity;
  std::vector<float> determinant;
  Report             report;
};

/** \param all this process has all planes; else none. */
Problem
inputsOf(const Case & problem, bool all = true)
{
  Problem    inputs{ problem.grid, problem.options };
  const auto block = [&](const std::vector<float> & values) {
    return all && !values.empty() ? InputBlock{ values.data(), wholeOf(problem.grid) } : InputBlock{};
  };
  inputs.fixed = block(problem.fixed);
  inputs.moving = block(problem.moving);
  inputs.fixedWeight = inputs.movingWeight = block(problem.weight);
  inputs.incompressibility = block(problem.incompressibility);
  inputs.initialVelocity = block(problem.velocity);
  inputs.landmarks = problem.landmarks;
  if (!problem.secondFixed.empty())
  {
    inputs.furtherPairs = { { block(problem.secondFixed), block(problem.secondMoving) } };
  }
  return inputs;
}

/** \param all this process has, and wants, all planes; else none. */
Outcome
solve(Engine & engine, const Problem & inputs, bool all = true, Observer * observer = nullptr)
{
  const auto solution = engine.run(inputs, observer);
  Outcome    outcome;
  outcome.report = solution->report();
  const auto read = [&](Field field, std::vector<float> & values) {
    values.resize(componentsOf(field) * inputs.grid.points());
    solution->read(field, all ? OutputBlock{ values.data(), wholeOf(inputs.grid) } : OutputBlock{});
  };
  read(Field::Displacement, outcome.displacement);
  read(Field::InverseDisplacement, outcome.inverse);
  read(Field::Velocity, outcome.velocity);
  read(Field::Determinant, outcome.determinant);
  return outcome;
}

/** In worker processes. */
Outcome
solveByWorkers(const Case & problem, int processes, Observer * observer = nullptr)
{
  return solve(*makeLaunchedEngine(processes), inputsOf(problem), true, observer);
}

Outcome
solveByRanks(Case & problem, int ranks)
{
  Outcome          outcome;
  test::ThreadTeam team(ranks);
  team.run([&](const std::shared_ptr<Communicator> & communicator) {
    const bool isRoot = communicator->rank() == 0;
    Problem    inputs = inputsOf(problem, isRoot);
    inputs.options.threads = 1;
    Outcome own = solve(*makeEngine(communicator), inputs, isRoot);
    if (isRoot)
    {
      outcome = std::move(own);
    }
  });
  return outcome;
}

void
expectSame(const Outcome & a, const Outcome & b)
{
  EXPECT_GT(a.report.newtonSteps, 0);
  EXPECT_EQ(a.displacement, b.displacement);
  EXPECT_EQ(a.inverse, b.inverse);
  EXPECT_EQ(a.velocity, b.velocity);
  EXPECT_EQ(a.determinant, b.determinant);
  EXPECT_EQ(a.report.mismatch, b.report.mismatch);
  EXPECT_EQ(a.report.newtonSteps, b.report.newtonSteps);
  EXPECT_EQ(a.report.processes, b.report.processes);
  EXPECT_EQ(a.report.solverGrid, b.report.solverGrid);
  EXPECT_EQ(a.report.messages, b.report.messages);
  ASSERT_EQ(a.report.levels.size(), b.report.levels.size());
  for (std::size_t i = 0; i < a.report.levels.size(); ++i)
  {
    ASSERT_EQ(a.report.levels[i].iterations.size(), b.report.levels[i].iterations.size());
    for (std::size_t j = 0; j < a.report.levels[i].iterations.size(); ++j)
    {
      EXPECT_EQ(a.report.levels[i].iterations[j].objective, b.report.levels[i].iterations[j].objective);
    }
  }
}

std::string
textOf(const std::filesystem::path & path)
{
  std::ifstream file(path, std::ios::binary);
  return { std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>() };
}

/** The folders of a host that exist. */
std::vector<std::string>
foldersOf(pid_t host)
{
  std::vector<std::string> found;
  const char * const       variable = std::getenv("TMPDIR");
  for (const std::string & parent : { std::string("/dev/shm"), std::string(variable != nullptr ? variable : "/tmp") })
  {
    std::error_code none;
    for (const auto & entry : std::filesystem::directory_iterator(parent, none))
    {
      if (entry.path().filename().string().rfind("gnr-workers-" + std::to_string(host) + "-", 0) == 0)
      {
        found.push_back(entry.path().string());
      }
    }
  }
  return found;
}

/** The workers of a host that run. \param rank unset: all */
std::vector<pid_t>
workersOf(pid_t host, std::optional<int> rank = std::nullopt)
{
  std::vector<pid_t> found;
  std::error_code    none;
  for (const auto & entry : std::filesystem::directory_iterator("/proc", none))
  {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
    {
      continue;
    }
    const std::string command = textOf(entry.path() / "cmdline");
    const std::string program = command.substr(0, command.find('\0'));
    if (program.size() < 10 || program.compare(program.size() - 10, 10, "gnr-worker") != 0 ||
        command.find("/gnr-workers-" + std::to_string(host) + "-") == std::string::npos)
    {
      continue;
    }
    const std::string text = '\0' + textOf(entry.path() / "environ");
    const auto        has = [&](const char * variable) {
      return text.find('\0' + (std::string(variable) + "=" + std::to_string(rank.value_or(0))) + '\0') !=
             std::string::npos;
    };
    if (!rank || has("OMPI_COMM_WORLD_RANK") || has("PMI_RANK"))
    {
      found.push_back(static_cast<pid_t>(std::stol(name)));
    }
  }
  return found;
}

/** Whether a condition holds within some seconds. */
bool
soon(const std::function<bool()> & condition)
{
  for (int i = 0; i < 200; ++i)
  {
    if (condition())
    {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

struct Failure
{
  ErrorKind   kind;
  std::string message;
};

Failure
failureOf(Engine & engine, const Case & problem, Observer * observer = nullptr)
{
  try
  {
    solve(engine, inputsOf(problem), true, observer);
  }
  catch (const Error & error)
  {
    return { error.kind(), error.what() };
  }
  ADD_FAILURE() << "there was no error";
  return { ErrorKind::BadInput, "" };
}

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

class LaunchedRegistrations : public testing::Test
{
protected:
  void
  SetUp() override
  {
#ifndef GNR_TEST_MPI
    GTEST_SKIP() << "built without MPI";
#endif
    alarm(timeLimit);
  }
  void
  TearDown() override
  {
    EXPECT_EQ(foldersOf(getpid()), std::vector<std::string>());
    EXPECT_TRUE(soon([] { return workersOf(getpid()).empty(); }));
    unsetenv("GNR_WORKER");
    unsetenv("GNR_MPIEXEC");
    unsetenv("GNR_SILENCE_LIMIT");
    alarm(0);
  }

  Case problem;
};

class Recorder : public Observer
{
public:
  void
  onEvent(const Event & event) override
  {
    check();
    switch (event.kind)
    {
      case Event::Kind::Level:
        levels.push_back(event.level);
        break;
      case Event::Kind::Iteration:
        iterations.push_back(event.iteration);
        if (duringIteration)
        {
          duringIteration();
        }
        break;
      case Event::Kind::Progress:
        shares.push_back(event.progress);
        break;
      case Event::Kind::InputsRead:
        ++inputsRead;
        break;
      case Event::Kind::Message:
        break;
    }
  }
  Request
  poll() override
  {
    check();
    return request;
  }
  void
  check() const
  {
    EXPECT_EQ(std::this_thread::get_id(), thread);
  }

  std::thread::id              thread = std::this_thread::get_id();
  std::vector<LevelRecord>     levels;
  std::vector<IterationRecord> iterations;
  std::vector<double>          shares;
  int                          inputsRead = 0;
  Request                      request = Request::Continue;
  std::function<void()>        duringIteration;
};

TEST_F(LaunchedRegistrations, GiveTheBitsOfRanks)
{
  const Outcome outcome = solveByWorkers(problem, 3);
  EXPECT_EQ(outcome.report.processes, 3);
  EXPECT_EQ(outcome.report.threads, 1) << "three threads are shared out";
  expectSame(outcome, solveByRanks(problem, 3));
  // A part of the planes is that part of all of them.
  const std::size_t  plane = 3u * problem.grid.size[0] * problem.grid.size[1];
  std::vector<float> part(2 * plane);
  const auto         solution = makeLaunchedEngine(3)->run(inputsOf(problem));
  solution->read(Field::Displacement, { part.data(), planesOf(problem.grid, 5, 7) });
  EXPECT_EQ(part,
            std::vector<float>(outcome.displacement.begin() + 5 * plane, outcome.displacement.begin() + 7 * plane));
}

TEST_F(LaunchedRegistrations, TakeWeightsAndAVelocity)
{
  problem.options.maximumIterations = 2;
  problem.weight.assign(problem.grid.points(), 1.0F);
  std::fill_n(problem.weight.begin(), problem.grid.points() / 3, 0.0F);
  problem.velocity = solveByWorkers(problem, 2).velocity;
  expectSame(solveByWorkers(problem, 2), solveByRanks(problem, 2));
}

TEST_F(LaunchedRegistrations, TakeFurtherPairs)
{
  const Outcome one = solveByWorkers(problem, 2);
  problem.secondFixed = problem.moving;
  problem.secondMoving = problem.fixed;
  problem.options.similarity = SimilarityList::read("ssd,0.2*ssd").value();
  const Outcome two = solveByWorkers(problem, 2);
  expectSame(two, solveByRanks(problem, 2));
  EXPECT_NE(two.displacement, one.displacement);
}

TEST_F(LaunchedRegistrations, TakeLandmarksAndWeightsOfVolumes)
{
  problem.options.maximumIterations = 2;
  const Outcome without = solveByWorkers(problem, 2);
  problem.incompressibility.assign(problem.grid.points(), 1.0F);
  problem.landmarks = { { { { 10.0, 12.0, 9.0 } }, { { 12.0, 12.5, 13.0 } } } };
  const Outcome with = solveByWorkers(problem, 2);
  expectSame(with, solveByRanks(problem, 2));
  EXPECT_NE(with.displacement, without.displacement);
  EXPECT_TRUE(with.report.landmarks.has_value());
}

TEST_F(LaunchedRegistrations, CanBeRunAgain)
{
  problem.options.maximumIterations = 1;
  const auto    engine = makeLaunchedEngine(2);
  const Outcome first = solve(*engine, inputsOf(problem));
  expectSame(solve(*engine, inputsOf(problem)), first);
}

TEST_F(LaunchedRegistrations, PlanTheMemoryOfAll)
{
  const auto       engine = makeLaunchedEngine(2);
  const MemoryPlan plan = engine->plan(inputsOf(problem));
  EXPECT_EQ(plan.processes, 2);
  const Report report = engine->run(inputsOf(problem))->report();
  EXPECT_EQ(report.memoryPlan.fieldBytes, plan.fieldBytes);
  EXPECT_EQ(report.memoryPlan.phases, plan.phases);
  EXPECT_EQ(report.device, plan.device);
  std::size_t      sum = 0;
  std::mutex       mutex;
  test::ThreadTeam team(2);
  team.run([&](const std::shared_ptr<Communicator> & communicator) {
    Problem inputs = inputsOf(problem, communicator->rank() == 0);
    inputs.options.threads = 1;
    const MemoryPlan                  own = makeEngine(communicator)->plan(inputs);
    const std::lock_guard<std::mutex> lock(mutex);
    sum += own.fieldBytes;
  });
  EXPECT_EQ(plan.fieldBytes, sum);
}

TEST_F(LaunchedRegistrations, TellWhatHappens)
{
  Recorder     recorder;
  const Report report = solveByWorkers(problem, 2, &recorder).report;
  EXPECT_EQ(recorder.inputsRead, 1);
  EXPECT_TRUE(std::is_sorted(recorder.shares.begin(), recorder.shares.end()));
  ASSERT_FALSE(recorder.shares.empty());
  EXPECT_EQ(recorder.shares.front(), 0.0);
  EXPECT_EQ(recorder.shares.back(), 1.0);
  EXPECT_EQ(static_cast<int>(recorder.iterations.size()), report.newtonSteps);
  ASSERT_EQ(recorder.levels.size(), report.levels.size());
  EXPECT_EQ(recorder.levels.back().grid, report.levels.back().grid);
  std::vector<double> told, reported;
  for (const IterationRecord & record : recorder.iterations)
  {
    told.push_back(record.objective);
  }
  for (const LevelRecord & level : report.levels)
  {
    for (const IterationRecord & record : level.iterations)
    {
      reported.push_back(record.objective);
    }
  }
  EXPECT_EQ(told, reported);
}

TEST_F(LaunchedRegistrations, AreAborted)
{
  Recorder recorder;
  recorder.duringIteration = [&] { recorder.request = Request::Abort; };
  problem.options.objectiveTolerance = 0.0;
  problem.options.gradientTolerance = 1e-9; // would take all of its steps
  const Failure failure = failureOf(*makeLaunchedEngine(2), problem, &recorder);
  EXPECT_EQ(failure.kind, ErrorKind::Aborted) << failure.message;
  EXPECT_LE(recorder.iterations.size(), 10u);
}

TEST_F(LaunchedRegistrations, AreStopped)
{
  Recorder recorder;
  recorder.duringIteration = [&] { recorder.request = Request::Stop; };
  problem.options.objectiveTolerance = 0.0;
  problem.options.gradientTolerance = 1e-9;
  EXPECT_EQ(solveByWorkers(problem, 2, &recorder).report.reason, StopReason::StoppedByObserver);
}

TEST_F(LaunchedRegistrations, EndWhereTheObserverThrows)
{
  Recorder recorder;
  recorder.duringIteration = [] { throw std::domain_error("of the observer"); };
  EXPECT_THROW(solveByWorkers(problem, 2, &recorder), std::domain_error);
  EXPECT_EQ(foldersOf(getpid()), std::vector<std::string>()) << "at once";
}

TEST_F(LaunchedRegistrations, PassErrorsOn)
{
  problem.fixed.assign(problem.grid.points(), 3.0F);
  const Failure expected = failureOf(*makeEngine(), problem);
  const Failure failure = failureOf(*makeLaunchedEngine(2), problem);
  EXPECT_EQ(failure.kind, expected.kind);
  EXPECT_EQ(failure.message, expected.message);
}

TEST_F(LaunchedRegistrations, SurviveAKilledOrStoppedWorker)
{
  setenv("GNR_SILENCE_LIMIT", "3", 1);
  problem.options.objectiveTolerance = 0.0;
  problem.options.gradientTolerance = 1e-9;
  for (const auto & [number, rank] :
       { std::pair(SIGKILL, 0), std::pair(SIGKILL, 1), std::pair(SIGSTOP, 0), std::pair(SIGSTOP, 1) })
  {
    Recorder recorder;
    recorder.duringIteration = [number = number, rank = rank] {
      for (const pid_t worker : workersOf(getpid(), rank))
      {
        kill(worker, number);
      }
    };
    const Failure failure = failureOf(*makeLaunchedEngine(2), problem, &recorder);
    EXPECT_EQ(failure.kind, ErrorKind::OutOfResources) << failure.message;
    EXPECT_HAS(failure.message, number == SIGKILL ? "memory" : "process " + std::to_string(rank) + " of 2 ");
    EXPECT_EQ(failure.message.find('\n'), std::string::npos) << failure.message;
    EXPECT_EQ(foldersOf(getpid()), std::vector<std::string>());
  }
}

TEST_F(LaunchedRegistrations, GoWithAKilledHost)
{
  const pid_t host = fork();
  ASSERT_GE(host, 0);
  if (host == 0)
  {
    problem.options.objectiveTolerance = 0.0;
    problem.options.gradientTolerance = 1e-9;
    problem.options.maximumIterations = 100000;
    Recorder recorder;
    recorder.duringIteration = [] { kill(getpid(), SIGKILL); };
    solveByWorkers(problem, 2, &recorder);
    _exit(1);
  }
  int status = 0;
  waitpid(host, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_TRUE(soon([=] { return foldersOf(host).empty(); })) << foldersOf(host).size();
  EXPECT_TRUE(soon([=] { return workersOf(host).empty(); }));
}

TEST_F(LaunchedRegistrations, RemoveWhatKilledOnesLeft)
{
  const std::string name = "/dev/shm/gnr-workers-1-test" + std::to_string(getpid());
  const std::string old = name + "old", used = name + "used";
  for (const std::string & folder : { old, used })
  {
    ASSERT_TRUE(std::filesystem::create_directory(folder));
    std::ofstream(folder + "/result") << "something";
    std::ofstream(folder + "/lock");
  }
  const int lock = open((used + "/lock").c_str(), O_RDWR | O_CLOEXEC); // as a host that lives
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  problem.options.maximumIterations = 1;
  solveByWorkers(problem, 2);
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_TRUE(std::filesystem::exists(used + "/result"));
  close(lock);
  std::filesystem::remove_all(used);
}

TEST_F(LaunchedRegistrations, TellWhatIsMissing)
{
  const auto engine = makeLaunchedEngine(2);
  setenv("GNR_MPIEXEC", "/no/such/mpirun", 1);
  Failure failure = failureOf(*engine, problem);
  EXPECT_EQ(failure.kind, ErrorKind::BadInput);
  EXPECT_HAS(failure.message, "/no/such/mpirun");
  unsetenv("GNR_MPIEXEC");

  setenv("GNR_WORKER", "/no/such/gnr-worker", 1);
  failure = failureOf(*engine, problem);
  EXPECT_EQ(failure.kind, ErrorKind::BadInput);
  EXPECT_HAS(failure.message, "GNR_WORKER names '/no/such/gnr-worker'");

  setenv("GNR_WORKER", "/bin/false", 1);
  failure = failureOf(*engine, problem);
  EXPECT_EQ(failure.kind, ErrorKind::BadInput);
  EXPECT_HAS(failure.message, "could not be started (exit code 1)");

  setenv("GNR_PLUGIN_PATH", "/no/such/folder", 1); // of the workers
  unsetenv("GNR_WORKER");
  failure = failureOf(*engine, problem);
  unsetenv("GNR_PLUGIN_PATH");
  EXPECT_EQ(failure.kind, ErrorKind::BadInput);
  EXPECT_HAS(failure.message, "/no/such/folder/gnr-mpi.so");
}

TEST_F(LaunchedRegistrations, TellWhereThereIsNoRoom)
{
  Problem inputs = inputsOf(problem);
  inputs.grid = { { { 20000, 20000, 20000 } }, { { 1, 1, 1 } } };
  inputs.fixed.box = inputs.moving.box = wholeOf(inputs.grid); // the voxels are never looked at
  try
  {
    makeLaunchedEngine(2)->run(inputs);
    FAIL();
  }
  catch (const Error & error)
  {
    EXPECT_EQ(error.kind(), ErrorKind::OutOfResources);
    EXPECT_HAS(std::string(error.what()), "TMPDIR");
    EXPECT_HAS(std::string(error.what()), "/dev/shm");
  }
}

TEST_F(LaunchedRegistrations, RefuseWhatTheyCannotDo)
{
  EXPECT_THROW(makeLaunchedEngine(0), Error);
  EXPECT_THROW(makeLaunchedEngine(2)->run({ problem.grid, problem.options }), Error) << "no images";
  setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
  EXPECT_THROW(makeLaunchedEngine(2), Error) << "a rank of another program";
  unsetenv("OMPI_COMM_WORLD_SIZE");
}

} // namespace
