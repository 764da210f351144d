// SPDX-License-Identifier: Apache-2.0
#include "gnr/Registration.h"

#include "registration/Implementation.h"
#include "registration/Rehearsal.h"

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

InputImage
inputOf(const float * data, int zBegin, int zEnd)
{
  InputImage image;
  image.data = data;
  image.planes = { zBegin, zEnd };
  return image;
}

} // namespace

Registration::Registration(const Grid & grid, const Options & options, std::shared_ptr<Communicator> communicator)
{
  const auto chosen = communicator ? std::move(communicator) : makeSelfCommunicator();
  implementation_ = together(*chosen, [&] { return std::make_unique<Implementation>(grid, options, chosen); });
}

RegistrationInterface::~RegistrationInterface() = default;

Registration::~Registration() = default;

void
Registration::setFixed(HostImage image)
{
  implementation_->input.fixed = inputOf(image.data, image.zBegin, image.zEnd);
}

void
Registration::setMoving(HostImage image)
{
  implementation_->input.moving = inputOf(image.data, image.zBegin, image.zEnd);
}

void
Registration::setFixedWeight(HostImage weight)
{
  implementation_->input.fixedWeight = inputOf(weight.data, weight.zBegin, weight.zEnd);
}

void
Registration::setMovingWeight(HostImage weight)
{
  implementation_->input.movingWeight = inputOf(weight.data, weight.zBegin, weight.zEnd);
}

void
Registration::setInitialVelocity(HostVectorImage velocity)
{
  implementation_->input.velocity = inputOf(velocity.data, velocity.zBegin, velocity.zEnd);
}

void
Registration::setObserver(Observer * observer)
{
  implementation_->observer = observer;
}

MemoryPlan
Registration::planMemory() const
{
  return together(*implementation_->communicator, [&] { return implementation_->planMemory(); });
}

MemoryPlan
Registration::planMemory(const MemoryPlan & plan, const Options & options, int processes)
{
  return rehearseLargest(plan, options, processes).memory;
}

MemoryPlan
Registration::planForDevice(const MemoryPlan & plan)
{
  return Implementation::planForDevice(plan);
}

const Report &
Registration::run()
{
  together(*implementation_->communicator, [&] { implementation_->run(); });
  return implementation_->report;
}

void
Registration::displacement(HostVectorImage out) const
{
  together(*implementation_->communicator,
           [&] { implementation_->writeVectors(implementation_->displacement, 1.0, out); });
}

void
Registration::inverseDisplacement(HostVectorImage out) const
{
  together(*implementation_->communicator, [&] { implementation_->writeInverse(out); });
}

void
Registration::velocity(HostVectorImage out) const
{
  together(*implementation_->communicator,
           [&] { implementation_->writeVectors(implementation_->velocity, -1.0, out); });
}

void
Registration::determinant(float * data, int zBegin, int zEnd) const
{
  together(*implementation_->communicator, [&] { implementation_->writeDeterminant(data, zBegin, zEnd); });
}

const Report &
Registration::report() const
{
  return implementation_->report;
}

} // namespace gnr
