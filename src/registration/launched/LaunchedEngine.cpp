// SPDX-License-Identifier: Apache-2.0
#include "registration/Archive.h"
#include "registration/InputImages.h"
#include "registration/launched/Workers.h"

#include "gnr/Engine.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gnr
{

using launched::Frame;
using launched::SharedFile;
using launched::Word;
using launched::Workers;

namespace
{

constexpr std::chrono::seconds abortPatience{ 10 }; // what is computed is not wanted any more

/** Inputs of a problem that are in one file, one after the other. */
struct InputFile
{
  SharedFile              file;
  std::vector<InputBlock> blocks;
  const char *            name;
  std::size_t             values; ///< of a block per voxel
};

std::vector<InputFile>
filesOf(const Problem & problem)
{
  std::vector<InputBlock> fixed{ problem.fixed }, moving{ problem.moving };
  for (const ImagePair & pair : problem.furtherPairs)
  {
    fixed.push_back(pair.fixed);
    moving.push_back(pair.moving);
  }
  std::vector<InputFile> files{ { SharedFile::Fixed, std::move(fixed), "fixed image", 1 },
                                { SharedFile::Moving, std::move(moving), "moving image", 1 } };
  const auto             addOptional = [&](SharedFile file, const InputBlock & block, const char * name, int values) {
    if (block.data != nullptr)
    {
      files.push_back({ file, { block }, name, static_cast<std::size_t>(values) });
    }
  };
  addOptional(SharedFile::FixedWeight, problem.fixedWeight, "fixed weight", 1);
  addOptional(SharedFile::MovingWeight, problem.movingWeight, "moving weight", 1);
  addOptional(SharedFile::Incompressibility, problem.incompressibility, "incompressibility", 1);
  addOptional(SharedFile::Velocity, problem.initialVelocity, "initial velocity", 3);
  return files;
}

launched::Job
jobOf(const Problem & problem, int processes)
{
  validate(problem.options);
  launched::Job job;
  job.grid = problem.grid;
  job.options = problem.options;
  job.options.threads = std::max(1, problem.options.threads.value_or(omp_get_max_threads()) / processes);
  job.processes = processes;
  job.hasFixedWeight = problem.fixedWeight.data != nullptr;
  job.hasMovingWeight = problem.movingWeight.data != nullptr;
  job.hasIncompressibility = problem.incompressibility.data != nullptr;
  job.hasVelocity = problem.initialVelocity.data != nullptr;
  job.furtherPairs = static_cast<int>(problem.furtherPairs.size());
  job.movingVolumeChange = problem.movingVolumeChange;
  job.landmarks = problem.landmarks;
  return job;
}

/** Copies the inputs into files, and starts the workers. */
std::unique_ptr<Workers>
startWorkers(const Problem & problem, int processes)
{
  if (problem.customMeasure != nullptr)
  {
    throw Error(ErrorKind::BadInput,
                "several processes: they do not have the custom measure of this program; register in this process, or "
                "in all processes of a program that uses MPI");
  }
  const launched::Job job = jobOf(problem, processes);
  const std::size_t   scalar = problem.grid.points() * sizeof(float);
  const Box           whole = wholeOf(problem.grid);
  std::size_t         values = 0;
  for (const InputFile & input : filesOf(problem))
  {
    for (const InputBlock & block : input.blocks)
    {
      if (block.data == nullptr || block.box.begin != whole.begin || block.box.end != whole.end)
      {
        throw Error(ErrorKind::BadInput, std::string(input.name) + ": several processes need all of its voxels");
      }
      values += input.values;
    }
  }
  auto workers = std::make_unique<Workers>(job, scalar * std::max<std::size_t>(values, 3));
  for (const InputFile & input : filesOf(problem))
  {
    const std::size_t values = input.values * problem.grid.points();
    const auto        mapped =
      launched::MappedFile::create(workers->folder().pathOf(input.file), input.blocks.size() * values * sizeof(float));
    float * out = mapped.data();
    for (const InputBlock & block : input.blocks)
    {
      out = std::copy_n(block.data, values, out);
    }
  }
  workers->start();
  return workers;
}

/** Between the workers and the observer of a run. */
class Run
{
public:
  Run(const Problem & problem, Workers & workers, Observer * observer)
    : problem_(problem)
    , workers_(workers)
    , observer_(observer)
  {}

  Report
  wait()
  {
    Event inputsRead;
    inputsRead.kind = Event::Kind::InputsRead;
    tell(inputsRead); // they are in files
    try
    {
      const auto onFrame = [this](const Frame * frame) { handle(frame); };
      return unpack<Report>(workers_.ask({ Word::Run, {} }, Word::Finished, onFrame).body);
    }
    catch (const Error &)
    {
      if (told_ == Request::Abort)
      {
        throw Error(ErrorKind::Aborted, "the registration was aborted on request");
      }
      throw;
    }
    catch (...) // of the observer: nobody wants the result
    {
      workers_.kill();
      throw;
    }
  }

private:
  void
  tell(const Event & event)
  {
    if (observer_ != nullptr)
    {
      observer_->onEvent(event);
    }
  }

  void
  handle(const Frame * frame)
  {
    if (frame != nullptr && frame->word == Word::Happened)
    {
      const Event event = unpack<Event>(frame->body);
      if (event.kind == Event::Kind::InputsRead)
      {
        for (const InputFile & input : filesOf(problem_))
        {
          workers_.folder().remove(input.file);
        }
      }
      else
      {
        tell(event);
      }
    }
    const Request request = observer_ != nullptr ? observer_->poll() : Request::Continue;
    if (request == Request::Abort && told_ != Request::Abort)
    {
      abortTime_ = std::chrono::steady_clock::now();
      workers_.tell({ Word::Abort, {} });
      told_ = request;
    }
    else if (request == Request::Stop && told_ == Request::Continue)
    {
      workers_.tell({ Word::Stop, {} });
      told_ = request;
    }
    else if (request == Request::Save && told_ == Request::Continue)
    {
      workers_.tell({ Word::Save, {} });
    }
    if (abortTime_ && std::chrono::steady_clock::now() - *abortTime_ > abortPatience)
    {
      workers_.kill();
    }
  }

  const Problem &                                      problem_;
  Workers &                                            workers_;
  Observer *                                           observer_;
  Request                                              told_ = Request::Continue;
  std::optional<std::chrono::steady_clock::time_point> abortTime_;
};

class LaunchedResult : public Result
{
public:
  LaunchedResult(Report report, const Grid & grid, std::unique_ptr<Workers> workers)
    : Result(std::move(report))
    , grid_(grid)
    , workers_(std::move(workers))
  {}

  void
  read(Field field, const OutputBlock & out) const override
  {
    const Slab planes = planesIn(out, grid_, "the result");
    if (planes.size() == 0)
    {
      return;
    }
    if (!workers_)
    {
      throw Error(ErrorKind::OutOfResources, "several processes: those that had the result have ended");
    }
    try
    {
      workers_->ask({ Word::Read, pack(field) }, Word::Written, [](const Frame *) {});
    }
    catch (const Error &)
    {
      workers_.reset();
      throw;
    }
    const std::size_t plane = static_cast<std::size_t>(grid_.size[0]) * grid_.size[1] * componentsOf(field);
    const auto        file =
      launched::MappedFile::open(workers_->folder().pathOf(SharedFile::Result), plane * grid_.size[2] * sizeof(float));
    workers_->folder().remove(SharedFile::Result);
    std::memcpy(out.data, file.data() + plane * planes.begin, plane * planes.size() * sizeof(float));
  }

private:
  Grid                             grid_;
  mutable std::unique_ptr<Workers> workers_;
};

class LaunchedEngine : public Engine
{
public:
  explicit LaunchedEngine(int processes)
    : processes_(processes)
  {}

  MemoryPlan
  plan(const Problem & problem) override
  {
    const auto workers = startWorkers(problem, processes_);
    return unpack<MemoryPlan>(workers->ask({ Word::Plan, {} }, Word::Planned, [](const Frame *) {}).body);
  }

  std::unique_ptr<Result>
  run(const Problem & problem, Observer * observer) override
  {
    auto   workers = startWorkers(problem, processes_);
    Report report = Run(problem, *workers, observer).wait();
    return std::make_unique<LaunchedResult>(std::move(report), problem.grid, std::move(workers));
  }

private:
  int processes_;
};

} // namespace

std::unique_ptr<Engine>
makeLaunchedEngine(int processes)
{
  if (processes < 1)
  {
    throw Error(ErrorKind::BadInput, "processes is " + std::to_string(processes) + "; it must be at least 1");
  }
  if (const auto others = launchedProcesses(); others && *others > 1)
  {
    throw Error(ErrorKind::BadInput,
                "several processes: this program was itself started as one of " + std::to_string(*others) +
                  "; let these share the registration by MPI in place of starting others");
  }
  return std::make_unique<LaunchedEngine>(processes);
}

} // namespace gnr
