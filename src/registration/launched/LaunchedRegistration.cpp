// SPDX-License-Identifier: Apache-2.0
#include "gnr/LaunchedRegistration.h"

#include "registration/launched/Archive.h"
#include "registration/launched/Workers.h"

#include "gnr/OptionTable.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>

namespace gnr
{

using launched::Frame;
using launched::SharedFile;
using launched::Word;

namespace
{

constexpr std::chrono::seconds abortPatience{ 10 }; // what is computed is not wanted any more

template <typename THost>
void
checkPlanes(const THost & image, const Grid & grid, const char * what)
{
  if (image.data == nullptr || image.zBegin != 0 || image.zEnd != grid.size[2])
  {
    throw Error(ErrorKind::BadInput, std::string(what) + ": set all of its planes before run()");
  }
}

} // namespace

class LaunchedRegistration::Implementation
{
public:
  launched::Job                      job;
  HostImage                          fixed;
  HostImage                          moving;
  HostImage                          fixedWeight;
  HostImage                          movingWeight;
  HostVectorImage                    initialVelocity;
  Observer *                         observer = nullptr;
  Report                             report;
  bool                               isSolved = false;
  std::unique_ptr<launched::Workers> workers;

  /** Copies the inputs into files, and starts the workers. */
  void
  start()
  {
    if (workers)
    {
      return;
    }
    checkPlanes(fixed, job.grid, "fixed image");
    checkPlanes(moving, job.grid, "moving image");
    job.hasFixedWeight = fixedWeight.data != nullptr;
    job.hasMovingWeight = movingWeight.data != nullptr;
    job.hasVelocity = initialVelocity.data != nullptr;
    const std::size_t scalar = job.grid.points() * sizeof(float);
    const std::size_t images =
      2 + (job.hasFixedWeight ? 1 : 0) + (job.hasMovingWeight ? 1 : 0) + (job.hasVelocity ? 3 : 0);
    auto       made = std::make_unique<launched::Workers>(job, scalar * std::max<std::size_t>(images, 3));
    const auto write = [&](SharedFile file, const float * data, std::size_t bytes) {
      const auto mapped = launched::MappedFile::create(made->folder().pathOf(file), bytes);
      std::memcpy(mapped.data(), data, bytes);
    };
    write(SharedFile::Fixed, fixed.data, scalar);
    write(SharedFile::Moving, moving.data, scalar);
    if (job.hasFixedWeight)
    {
      checkPlanes(fixedWeight, job.grid, "fixed weight");
      write(SharedFile::FixedWeight, fixedWeight.data, scalar);
    }
    if (job.hasMovingWeight)
    {
      checkPlanes(movingWeight, job.grid, "moving weight");
      write(SharedFile::MovingWeight, movingWeight.data, scalar);
    }
    if (job.hasVelocity)
    {
      checkPlanes(initialVelocity, job.grid, "initial velocity");
      write(SharedFile::Velocity, initialVelocity.data, 3 * scalar);
    }
    made->start();
    workers = std::move(made);
  }

  void
  onEvent(const Frame & frame)
  {
    if (frame.word == Word::InputsRead)
    {
      for (const SharedFile file : { SharedFile::Fixed,
                                     SharedFile::Moving,
                                     SharedFile::FixedWeight,
                                     SharedFile::MovingWeight,
                                     SharedFile::Velocity })
      {
        workers->folder().remove(file);
      }
    }
    if (observer == nullptr)
    {
      return;
    }
    switch (frame.word)
    {
      case Word::Level:
        observer->onLevel(launched::unpack<LevelRecord>(frame.body));
        break;
      case Word::Iteration:
        observer->onIteration(launched::unpack<IterationRecord>(frame.body));
        break;
      case Word::Progress:
        observer->onProgress(launched::unpack<double>(frame.body));
        break;
      case Word::Text:
        observer->onMessage(launched::unpack<std::string>(frame.body));
        break;
      default:
        break;
    }
  }

  void
  solve()
  {
    if (isSolved)
    {
      workers.reset(); // they have let go of the images
    }
    isSolved = false;
    start();
    if (observer != nullptr)
    {
      observer->onInputsRead(); // they are in files
    }
    Request                                              told = Request::Continue;
    std::optional<std::chrono::steady_clock::time_point> abortTime;
    const auto                                           handle = [&](const Frame * frame) {
      if (frame != nullptr)
      {
        onEvent(*frame);
      }
      const Request request = observer != nullptr ? observer->poll() : Request::Continue;
      if (request == Request::Abort && told != Request::Abort)
      {
        abortTime = std::chrono::steady_clock::now();
        workers->tell(Word::Abort);
        told = request;
      }
      else if (request == Request::Stop && told == Request::Continue)
      {
        workers->tell(Word::Stop);
        told = request;
      }
      if (abortTime && std::chrono::steady_clock::now() - *abortTime > abortPatience)
      {
        workers->kill();
      }
    };
    try
    {
      const Frame answer = workers->ask(Word::Run, Word::Finished, handle);
      report = launched::unpack<Report>(answer.body);
      isSolved = true;
    }
    catch (const Error & error)
    {
      workers.reset();
      if (told == Request::Abort)
      {
        throw Error(ErrorKind::Aborted, "the registration was aborted on request");
      }
      throw;
    }
    catch (...) // of the observer: nobody wants the result
    {
      workers->kill();
      workers.reset();
      throw;
    }
  }

  /** Copies planes [zBegin, zEnd) of a result. */
  void
  fetch(Word what, int components, float * data, int zBegin, int zEnd)
  {
    if (!isSolved || !workers)
    {
      throw Error(ErrorKind::BadInput, "there is no result yet: call run() first");
    }
    if (zBegin < 0 || zEnd > job.grid.size[2] || zBegin > zEnd || (data == nullptr && zBegin != zEnd))
    {
      throw Error(ErrorKind::BadInput, "the planes asked for are not those of the image");
    }
    if (zBegin == zEnd)
    {
      return;
    }
    try
    {
      workers->ask(what, Word::Written, [](const Frame *) {});
    }
    catch (const Error &)
    {
      workers.reset();
      throw;
    }
    const std::size_t plane = static_cast<std::size_t>(job.grid.size[0]) * job.grid.size[1] * components;
    const auto        file = launched::MappedFile::open(workers->folder().pathOf(SharedFile::Result),
                                                 plane * job.grid.size[2] * sizeof(float));
    workers->folder().remove(SharedFile::Result);
    std::memcpy(data, file.data() + plane * zBegin, plane * (zEnd - zBegin) * sizeof(float));
  }
};

LaunchedRegistration::LaunchedRegistration(const Grid & grid, const Options & options, int processes)
  : implementation_(std::make_unique<Implementation>())
{
  validate(options);
  if (processes < 1)
  {
    throw Error(ErrorKind::BadInput, "processes is " + std::to_string(processes) + "; it must be at least 1");
  }
  if (const auto others = launchedProcesses(); others && *others > 1)
  {
    throw Error(ErrorKind::BadInput,
                "several processes: this program was itself started as one of " + std::to_string(*others) +
                  "; let these share the registration (SetMPICommunicator) in place of starting others");
  }
  launched::Job & job = implementation_->job;
  job.grid = grid;
  job.options = options;
  job.options.threads = std::max(1, options.threads.value_or(omp_get_max_threads()) / processes);
  job.processes = processes;
}

LaunchedRegistration::~LaunchedRegistration() = default;

void
LaunchedRegistration::setFixed(HostImage image)
{
  implementation_->fixed = image;
}

void
LaunchedRegistration::setMoving(HostImage image)
{
  implementation_->moving = image;
}

void
LaunchedRegistration::setFixedWeight(HostImage weight)
{
  implementation_->fixedWeight = weight;
}

void
LaunchedRegistration::setMovingWeight(HostImage weight)
{
  implementation_->movingWeight = weight;
}

void
LaunchedRegistration::setInitialVelocity(HostVectorImage velocity)
{
  implementation_->initialVelocity = velocity;
}

void
LaunchedRegistration::setObserver(Observer * observer)
{
  implementation_->observer = observer;
}

MemoryPlan
LaunchedRegistration::planMemory() const
{
  implementation_->start();
  try
  {
    return launched::unpack<MemoryPlan>(
      implementation_->workers->ask(Word::Plan, Word::Planned, [](const Frame *) {}).body);
  }
  catch (const Error &)
  {
    implementation_->workers.reset();
    throw;
  }
}

const Report &
LaunchedRegistration::run()
{
  implementation_->solve();
  return implementation_->report;
}

void
LaunchedRegistration::displacement(HostVectorImage out) const
{
  implementation_->fetch(Word::Displacement, 3, out.data, out.zBegin, out.zEnd);
}

void
LaunchedRegistration::inverseDisplacement(HostVectorImage out) const
{
  implementation_->fetch(Word::InverseDisplacement, 3, out.data, out.zBegin, out.zEnd);
}

void
LaunchedRegistration::velocity(HostVectorImage out) const
{
  implementation_->fetch(Word::Velocity, 3, out.data, out.zBegin, out.zEnd);
}

void
LaunchedRegistration::determinant(float * data, int zBegin, int zEnd) const
{
  implementation_->fetch(Word::Determinant, 1, data, zBegin, zEnd);
}

const Report &
LaunchedRegistration::report() const
{
  return implementation_->report;
}

} // namespace gnr
