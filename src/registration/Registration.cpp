// SPDX-License-Identifier: Apache-2.0
#include "gnr/Registration.h"

#include "registration/Implementation.h"

namespace gnr
{

Registration::Registration(const Grid & grid, const Options & options, std::shared_ptr<Communicator> communicator)
  : implementation_(std::make_unique<Implementation>(grid, options, std::move(communicator)))
{}

Registration::~Registration() = default;

void
Registration::setFixed(HostImage image)
{
  implementation_->input.fixed = image;
}

void
Registration::setMoving(HostImage image)
{
  implementation_->input.moving = image;
}

void
Registration::setFixedWeight(HostImage weight)
{
  implementation_->input.fixedWeight = weight;
}

void
Registration::setMovingWeight(HostImage weight)
{
  implementation_->input.movingWeight = weight;
}

void
Registration::setInitialVelocity(HostVectorImage velocity)
{
  implementation_->initialVelocity = velocity;
}

void
Registration::setObserver(Observer * observer)
{
  implementation_->observer = observer;
}

MemoryPlan
Registration::planMemory() const
{
  return implementation_->planMemory();
}

const Report &
Registration::run()
{
  implementation_->solve();
  return implementation_->report;
}

void
Registration::displacement(HostVectorImage out) const
{
  implementation_->writeVectors(implementation_->displacement, 1.0, out);
}

void
Registration::inverseDisplacement(HostVectorImage out) const
{
  implementation_->writeInverse(out);
}

void
Registration::velocity(HostVectorImage out) const
{
  implementation_->writeVectors(implementation_->velocity, -1.0, out);
}

void
Registration::determinant(float * data, int zBegin, int zEnd) const
{
  implementation_->writeDeterminant(data, zBegin, zEnd);
}

const Report &
Registration::report() const
{
  return implementation_->report;
}

} // namespace gnr
