// SPDX-License-Identifier: Apache-2.0
#include "gnr/Engine.h"

#include "kernels/CallersDevice.h"
#include "registration/Solver.h"

#include <exception>
#include <new>
#include <string>
#include <utility>

namespace gnr
{

namespace
{

/** Carries out what all processes do together, and tells the others if this one fails. */
template <typename Work>
auto
together(Communicator & communicator, Work work)
{
  const CallersDevice device;
  try
  {
    return work();
  }
  catch (const Error & error)
  {
    if (error.kind() != ErrorKind::Aborted) // all know
    {
      communicator.announceFailure(error.kind(), error.what());
    }
    throw;
  }
  catch (const std::bad_alloc &)
  {
    const std::string message = "not enough memory; use smaller images, or more processes";
    communicator.announceFailure(ErrorKind::OutOfResources, message);
    throw Error(ErrorKind::OutOfResources, message);
  }
  catch (const std::exception & error)
  {
    communicator.announceFailure(ErrorKind::NumericalFailure, error.what());
    throw;
  }
}

class LocalResult : public Result
{
public:
  LocalResult(std::unique_ptr<Solver> solver, std::shared_ptr<Communicator> communicator)
    : Result(solver->report())
    , communicator_(std::move(communicator))
    , solver_(std::move(solver))
  {}
  ~LocalResult() override
  {
    const CallersDevice device;
    solver_.reset();
  }

  void
  read(Field field, const OutputBlock & out) const override
  {
    together(*communicator_, [&] { solver_->fields().read(field, out); });
  }

private:
  std::shared_ptr<Communicator> communicator_;
  std::unique_ptr<Solver>       solver_;
};

class LocalEngine : public Engine
{
public:
  explicit LocalEngine(std::shared_ptr<Communicator> communicator)
    : communicator_(std::move(communicator))
  {}

  MemoryPlan
  plan(const Problem & problem) override
  {
    return together(*communicator_, [&] { return Solver(problem, communicator_).plan(); });
  }

  std::unique_ptr<Result>
  run(const Problem & problem, Observer * observer) override
  {
    return together(*communicator_, [&] {
      auto solver = std::make_unique<Solver>(problem, communicator_);
      solver->run(observer);
      return std::make_unique<LocalResult>(std::move(solver), communicator_);
    });
  }

private:
  std::shared_ptr<Communicator> communicator_;
};

} // namespace

void
releaseDeviceMemory()
{
  const CallersDevice device;
  releaseCudaDevices();
}

std::unique_ptr<Engine>
makeEngine(std::shared_ptr<Communicator> communicator)
{
  return std::make_unique<LocalEngine>(communicator ? std::move(communicator) : makeSelfCommunicator());
}

} // namespace gnr
