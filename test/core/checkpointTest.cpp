// SPDX-License-Identifier: Apache-2.0
// A registration that is ended at any moment goes on from its checkpoint: to the same bits on as many processes, to the
// same map on another number; and nothing else is ever gone on from.
#include "problems.h"
#include "threads.h"

#include "gnr/Checkpoint.h"
#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace
{

using namespace gnr;

struct Stopped : std::runtime_error
{
  Stopped()
    : std::runtime_error("stopped by a test")
  {}
};

/** Hears what a run says, and does something at a step. */
class Watcher : public Observer
{
public:
  std::vector<std::string>    messages;
  int                         steps = 0;
  int                         polls = 0;
  std::function<void(int)>    onStep = [](int) {};
  std::function<Request(int)> request = [](int) { return Request::Continue; };

  void
  onEvent(const Event & event) override
  {
    if (event.kind == Event::Kind::Message)
    {
      messages.push_back(event.message);
    }
    if (event.kind == Event::Kind::Iteration)
    {
      onStep(++steps);
    }
  }
  Request
  poll() override
  {
    return request(++polls);
  }

  bool
  hasHeard(const std::string & words) const
  {
    return std::any_of(messages.begin(), messages.end(), [&](const std::string & message) {
      return message.find(words) != std::string::npos;
    });
  }
};

std::string
contentOf(const std::string & file)
{
  std::ifstream stream(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

void
write(const std::string & file, const std::string & content)
{
  std::ofstream(file, std::ios::binary) << content;
}

/** A limit of the size of files, as a full disk: as long as it lives. */
class FileLimit
{
public:
  explicit FileLimit(rlim_t bytes)
  {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

private:
  rlimit before_{};
};

class CheckpointTest : public testing::Test
{
protected:
  CheckpointTest()
  {
    char name[] = "/tmp/gnr-checkpoint-XXXXXX";
    folder = mkdtemp(name);
    options.device = problems::solveDevice();
    options.threads = 1;
    options.periodic = true;
    options.beta = 1e-2;
    options.gridScale = 0.0;
    options.gradientTolerance = 1e-3; // many steps
    options.objectiveTolerance = 1e-6;
    options.checkpoint = folder + "/pair";
    options.checkpointInterval = 0.0; // at every step
  }
  ~CheckpointTest() override { std::filesystem::remove_all(folder); }

  /** The images, on the first of several processes. */
  Problem
  problem(int rank = 0) const
  {
    Problem result{ grid, options };
    if (rank == 0)
    {
      result.fixed = { fixed.data(), wholeOf(grid) };
      result.moving = { moving.data(), wholeOf(grid) };
    }
    return result;
  }

  std::vector<float>
  run(Observer * observer = nullptr, const std::shared_ptr<Communicator> & communicator = makeSelfCommunicator())
  {
    const int          rank = communicator->rank();
    const auto         result = makeEngine(communicator)->run(problem(rank), observer);
    std::vector<float> u(rank == 0 ? 3 * grid.points() : 0);
    result->read(Field::Displacement, rank == 0 ? OutputBlock{ u.data(), wholeOf(grid) } : OutputBlock{});
    return u;
  }

  /** By several processes; what the first of them has. */
  std::vector<float>
  runOn(int processes, Watcher * watcher = nullptr)
  {
    std::vector<float> u;
    test::ThreadTeam   team(processes);
    team.run([&](const std::shared_ptr<Communicator> & communicator) {
      const int          rank = communicator->rank();
      std::vector<float> own = run(rank == 0 ? watcher : nullptr, communicator);
      if (rank == 0)
      {
        u = std::move(own);
      }
    });
    return u;
  }

  /** Without a checkpoint, by one process. */
  std::vector<float>
  undisturbed(int * steps = nullptr)
  {
    const auto name = options.checkpoint;
    options.checkpoint.reset();
    Watcher                  watcher;
    const std::vector<float> u = run(&watcher);
    options.checkpoint = name;
    if (steps != nullptr)
    {
      *steps = watcher.steps;
    }
    return u;
  }

  /** Ends a run after a step. */
  void
  stopAfter(int step, int processes = 1)
  {
    Watcher watcher;
    watcher.onStep = [=](int now) {
      if (now == step)
      {
        throw Stopped();
      }
    };
    try
    {
      processes == 1 ? run(&watcher) : runOn(processes, &watcher);
      ADD_FAILURE() << "it was not stopped";
    }
    catch (const Stopped &)
    {}
  }

  /** Ends a run after a step by a signal that no program hears; how the process has ended, as wait() says. */
  int
  killAfter(int step)
  {
    const pid_t child = fork();
    if (child == 0)
    {
      Watcher watcher;
      watcher.onStep = [=](int now) {
        if (now == step)
        {
          raise(SIGKILL);
        }
      };
      run(&watcher);
      _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
  }

  void
  expectRefusal(const std::string & words)
  {
    try
    {
      run();
      ADD_FAILURE() << "it was taken, and not refused: " << words;
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }

  /** Voxels. */
  double
  largestDifference(const std::vector<float> & a, const std::vector<float> & b) const
  {
    EXPECT_EQ(a.size(), b.size());
    double largest = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i)
    {
      largest = std::max(largest, std::abs(double(a[i]) - b[i]) / grid.spacing[0]);
    }
    return largest;
  }

  CheckpointFiles
  files() const
  {
    return CheckpointFiles(*options.checkpoint);
  }

  std::string        folder;
  Grid               grid = problems::cube(32);
  std::vector<float> fixed = problems::image(grid, problems::templateImage);
  std::vector<float> moving = problems::image(grid, [](double x, double y, double z) {
    return problems::templateImage(x + 0.4 * std::sin(x + 0.3), y + 0.3 * std::sin(z), z + 0.2 * std::cos(x + y));
  });
  Options            options = problems::ssdOptions();
};

TEST_F(CheckpointTest, ThatIsWrittenChangesNothingAndStaysUntilItIsRemoved)
{
  const auto expected = undisturbed();
  EXPECT_FALSE(files().exist());
  Watcher watcher;
  EXPECT_EQ(run(&watcher), expected);
  EXPECT_TRUE(std::filesystem::exists(files().last));
  EXPECT_TRUE(std::filesystem::exists(files().previous));
  EXPECT_FALSE(std::filesystem::exists(files().unfinished));
  EXPECT_TRUE(watcher.messages.empty()) << watcher.messages.front();
  files().remove();
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(CheckpointTest, ARunThatIsKilledGoesOnToTheSameBits)
{
  int        steps = 0;
  const auto expected = undisturbed(&steps);
  ASSERT_GT(steps, 4);
  std::mt19937 random(7);
  for (int trial = 0; trial < 5; ++trial)
  {
    const int step = std::uniform_int_distribution<int>(1, steps - 1)(random);
    SCOPED_TRACE("killed after step " + std::to_string(step) + " of " + std::to_string(steps));
    files().remove();
    ASSERT_TRUE(WIFSIGNALED(killAfter(step)));
    Watcher watcher;
    EXPECT_EQ(run(&watcher), expected);
    EXPECT_TRUE(watcher.hasHeard("goes on from the checkpoint " + files().last + ": level "));
    // What the step had come to was not saved when the signal came, but what all steps before it had.
    EXPECT_EQ(watcher.steps, steps - step + 1);
  }
}

TEST_F(CheckpointTest, ARunThatIsKilledAgainAndAgainComesToItsEnd)
{
  const auto expected = undisturbed();
  int        kills = 0;
  while (WIFSIGNALED(killAfter(2)))
  {
    ASSERT_LT(++kills, 1000) << "it does not move on";
  }
  EXPECT_GT(kills, 3);
  EXPECT_EQ(run(), expected);
}

TEST_F(CheckpointTest, ARunThatIsKilledWhileItWritesGoesOnFromTheOneBefore)
{
  const auto expected = undisturbed();
  stopAfter(3);
  const auto        bytes = static_cast<rlim_t>(std::filesystem::file_size(files().last));
  const std::string before = contentOf(files().last);
  std::mt19937      random(11);
  for (int trial = 0; trial < 3; ++trial)
  {
    const pid_t child = fork();
    if (child == 0)
    {
      std::signal(SIGXFSZ, SIG_DFL); // ends the program in the middle of a file
      const FileLimit limit(std::uniform_int_distribution<rlim_t>(0, bytes - 1)(random));
      run();
      _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
    EXPECT_TRUE(std::filesystem::exists(files().unfinished));
    EXPECT_EQ(contentOf(files().last), before);
    random.discard(1); // the child has had one
  }
  EXPECT_EQ(run(), expected);
  EXPECT_FALSE(std::filesystem::exists(files().unfinished));
}

TEST_F(CheckpointTest, GoesOnAnotherNumberOfProcesses)
{
  const auto expected = undisturbed();
  for (const auto & [before, after] : { std::make_pair(1, 3), std::make_pair(3, 2), std::make_pair(3, 1) })
  {
    for (const int step : { 2, 5 })
    {
      SCOPED_TRACE(std::to_string(before) + " to " + std::to_string(after) + " after step " + std::to_string(step));
      files().remove();
      stopAfter(step, before);
      Watcher    watcher;
      const auto u = after == 1 ? run(&watcher) : runOn(after, &watcher);
      EXPECT_TRUE(watcher.hasHeard(before == 1 ? "by 1 process" : "by 3 processes"));
      EXPECT_LT(largestDifference(u, expected), 1e-3); // doc/parallel.md: of any number of processes
    }
  }
}

TEST_F(CheckpointTest, GoesOnToTheSameBitsOnAsManyProcesses)
{
  const std::string name = *options.checkpoint;
  options.checkpoint.reset();
  const auto expected = runOn(3);
  options.checkpoint = name;
  stopAfter(4, 3);
  EXPECT_EQ(runOn(3), expected);
}

// The search keeps a second velocity, that of the last admissible weight.
TEST_F(CheckpointTest, OfASearchGoesOnAnotherNumberOfProcesses)
{
  options.betaStrategy = BetaStrategy::Search;
  options.levels = 2;
  options.maximumIterations = 2;
  const auto expected = undisturbed();
  stopAfter(5, 3);
  EXPECT_LT(largestDifference(runOn(2), expected), 1e-3);
}

TEST_F(CheckpointTest, OnRequestIsWrittenInsideAStep)
{
  const auto expected = undisturbed();
  options.checkpointInterval = 1e9;
  Watcher watcher;
  watcher.request = [](int poll) { return poll == 9 ? Request::Save : Request::Continue; };
  watcher.onStep = [&](int) {
    if (watcher.hasHeard(files().last + " was written"))
    {
      throw Stopped();
    }
  };
  EXPECT_THROW(run(&watcher), Stopped);
  EXPECT_FALSE(std::filesystem::exists(files().previous)) << "one was asked for, and two were written";
  EXPECT_EQ(run(), expected);
}

TEST_F(CheckpointTest, ARunThatIsToldToEndLeavesAResultAndACheckpoint)
{
  const auto expected = undisturbed();
  options.checkpointInterval = 1e9;
  Watcher watcher;
  watcher.request = [](int poll) { return poll >= 8 ? Request::Stop : Request::Continue; };
  const auto result = makeEngine()->run(problem(), &watcher);
  EXPECT_EQ(result->report().reason, StopReason::StoppedByObserver);
  ASSERT_TRUE(std::filesystem::exists(files().last));
  EXPECT_EQ(run(), expected) << "the unfinished step belongs to the result alone";
}

TEST_F(CheckpointTest, OfOtherOptionsOrImagesIsRefused)
{
  stopAfter(3);
  const Options own = options;
  options.beta = 2e-2;
  expectRefusal(files().last + ": it is of a run with beta 0.01, and this one has 0.02; delete it");
  options = own;
  options.similarity = SimilarityMeasure::LocalCorrelation;
  expectRefusal("similarity ssd, and this one has lncc");
  options = own;
  const float voxel = moving[5];
  moving[5] = std::nextafter(voxel, 10.0F);
  expectRefusal("it is of another moving image");
  moving[5] = voxel;
  fixed[7] += 0.01F;
  expectRefusal("it is of another fixed image");
  fixed[7] -= 0.01F;
  grid.spacing[1] *= 1.5;
  expectRefusal("its fixed image has another grid");
  EXPECT_TRUE(std::filesystem::exists(files().last)) << "what was refused must not be lost";
}

TEST_F(CheckpointTest, OfAnotherMaskIsRefused)
{
  stopAfter(3);
  const std::vector<float> weight(grid.points(), 1.0F);
  Problem                  masked = problem();
  masked.fixedWeight = { weight.data(), wholeOf(grid) };
  try
  {
    makeEngine()->run(masked);
    ADD_FAILURE() << "it was taken";
  }
  catch (const Error & error)
  {
    EXPECT_NE(std::string(error.what()).find("without mask of the fixed image"), std::string::npos) << error.what();
  }
}

TEST_F(CheckpointTest, OfOtherLandmarksOrWeightsOfVolumesIsRefused)
{
  stopAfter(3);
  Problem pulled = problem(), kept = problem();
  pulled.landmarks.resize(1);
  EXPECT_THROW(makeEngine()->run(pulled), Error);
  kept.incompressibility = kept.fixed;
  EXPECT_THROW(makeEngine()->run(kept), Error);
}

TEST_F(CheckpointTest, ImagesAreTheSameHoweverTheyAreHandedOver)
{
  const auto expected = undisturbed();
  stopAfter(3);
  std::vector<float> u;
  test::ThreadTeam   team(3);
  team.run([&](const std::shared_ptr<Communicator> & communicator) {
    // Parts that overlap, and leave the slabs of the processes alone.
    const int  bounds[3][2] = { { 20, 32 }, { 0, 12 }, { 10, 22 } };
    const auto rank = static_cast<std::size_t>(communicator->rank());
    const Box  box = planesOf(grid, bounds[rank][0], bounds[rank][1]);
    const auto at = static_cast<std::size_t>(bounds[rank][0]) * grid.size[0] * grid.size[1];
    Problem    part{ grid, options };
    Watcher    watcher;
    part.fixed = { fixed.data() + at, box };
    part.moving = { moving.data() + at, box };
    const auto         result = makeEngine(communicator)->run(part, &watcher);
    std::vector<float> own(rank == 0 ? 3 * grid.points() : 0);
    result->read(Field::Displacement, rank == 0 ? OutputBlock{ own.data(), wholeOf(grid) } : OutputBlock{});
    EXPECT_TRUE(watcher.hasHeard("goes on from the checkpoint"));
    if (rank == 0)
    {
      u = std::move(own);
    }
  });
  EXPECT_LT(largestDifference(u, expected), 1e-3);
}

// What `auto` has done to the images before the first step belongs to the solve.
TEST_F(CheckpointTest, GoesOnWithTheIntensitiesThatWereChanged)
{
  options.similarity = SimilarityMeasure::Automatic;
  const std::vector<float> plain = moving;
  for (const bool isNegative : { true, false })
  {
    std::transform(plain.begin(), plain.end(), moving.begin(), [=](float value) {
      return isNegative ? 700.0F - 5.0F * value : value * value;
    });
    const auto expected = undisturbed();
    stopAfter(3);
    Watcher watcher;
    EXPECT_EQ(run(&watcher), expected) << isNegative;
    EXPECT_TRUE(watcher.hasHeard("goes on from the checkpoint"));
    Watcher whole;
    options.checkpoint.reset();
    run(&whole);
    EXPECT_TRUE(whole.hasHeard("inside the solver")) << isNegative;
    options.checkpoint = folder + "/pair" + (isNegative ? "2" : "3");
  }
}

TEST_F(CheckpointTest, MachineAndTimeLimitMayBeOthers)
{
  const auto expected = undisturbed();
  stopAfter(3);
  options.timeLimit = 1e6;
  options.checkpointInterval = 10.0;
  EXPECT_EQ(run(), expected);
}

TEST_F(CheckpointTest, ThatIsDamagedGivesWayToTheOneBefore)
{
  const auto expected = undisturbed();
  stopAfter(4);
  const std::string last = contentOf(files().last), previous = contentOf(files().previous);
  ASSERT_FALSE(previous.empty());
  std::string flipped = last;
  flipped[last.size() / 2] = static_cast<char>(flipped[last.size() / 2] ^ 1);
  for (const std::string & damaged :
       { std::string(), last.substr(0, 5), last.substr(0, last.size() / 3), last.substr(0, last.size() - 1), flipped })
  {
    write(files().last, damaged);
    write(files().previous, previous);
    Watcher watcher;
    EXPECT_EQ(run(&watcher), expected);
    EXPECT_TRUE(watcher.hasHeard(files().last + " is damaged or was cut short"));
    EXPECT_TRUE(watcher.hasHeard("goes on from the checkpoint " + files().previous));
  }
  // The good one is not replaced by the damaged one.
  write(files().last, flipped);
  write(files().previous, previous);
  stopAfter(1);
  EXPECT_EQ(contentOf(files().previous), previous);
  EXPECT_NE(contentOf(files().last), flipped);
}

TEST_F(CheckpointTest, ThatIsDamagedWithoutOneBeforeIsRefused)
{
  stopAfter(4);
  const std::string last = contentOf(files().last);
  write(files().last, last.substr(0, 1000));
  write(files().previous, "something else");
  expectRefusal(files().last + " is damaged or was cut short, and there is none before it that could be used; delete");
  std::filesystem::remove(files().previous);
  expectRefusal("is damaged or was cut short");
  // Between two renamings there may be the one before alone.
  const auto expected = undisturbed();
  write(files().previous, last);
  std::filesystem::remove(files().last);
  EXPECT_EQ(run(), expected);
}

TEST_F(CheckpointTest, ThatCannotBeWrittenIsAWarning)
{
  const auto         expected = undisturbed();
  const auto         before = std::signal(SIGXFSZ, SIG_IGN);
  Watcher            watcher;
  std::vector<float> u;
  {
    const FileLimit limit(10000); // a part of the first one
    u = run(&watcher);
  }
  std::signal(SIGXFSZ, before);
  EXPECT_EQ(u, expected);
  EXPECT_EQ(watcher.messages.size(), 1u) << "once is enough";
  EXPECT_TRUE(watcher.hasHeard(files().last + " cannot be written (File too large)"));
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(CheckpointTest, WithoutAFolderIsRefusedAtOnce)
{
  options.checkpoint = folder + "/missing/pair";
  expectRefusal("the folder " + folder + "/missing/ does not exist; create it");
  options.checkpoint = folder + "/";
  expectRefusal("is a folder");
}

TEST_F(CheckpointTest, HasAHeaderForPeople)
{
  stopAfter(3);
  const std::string header = contentOf(files().last).substr(0, 4000);
  EXPECT_EQ(header.rfind("{\n  \"format\": \"gnr-checkpoint 2\",\n", 0), 0u);
  for (const char * member :
       { "\"processes\": 1,", "\"imageGrid\": [32, 32, 32],", "\"step\": ", "\"beta\": \"0.01\"" })
  {
    EXPECT_NE(header.find(member), std::string::npos) << member;
  }
}

#ifdef GNR_TEST_MPI
TEST_F(CheckpointTest, OfWorkerProcessesIsGoneOnFromByThisOne)
{
  const auto expected = undisturbed();
  options.checkpointInterval = 1e9;
  options.threads = 2;
  bool    isAsked = false;
  Watcher watcher;
  watcher.request = [&](int) {
    if (watcher.hasHeard(files().last + " was written"))
    {
      return Request::Stop;
    }
    const bool isFirst = watcher.steps > 0 && !isAsked;
    isAsked = isAsked || isFirst;
    return isFirst ? Request::Save : Request::Continue;
  };
  const auto result = makeLaunchedEngine(2)->run(problem(), &watcher);
  EXPECT_TRUE(isAsked);
  EXPECT_EQ(result->report().reason, StopReason::StoppedByObserver);
  ASSERT_TRUE(std::filesystem::exists(files().previous)) << "one on request, and one at the end";
  options.threads = 1;
  Watcher after;
  EXPECT_LT(largestDifference(run(&after), expected), 1e-3);
  EXPECT_TRUE(after.hasHeard("by 2 processes"));
}
#endif

} // namespace
