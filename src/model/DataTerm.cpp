// SPDX-License-Identifier: Apache-2.0
#include "model/DataTerm.h"

#include "model/Structure.h"

namespace gnr
{

DataTerm::DataTerm(Trajectory & trajectory, Domain & domain, const Options & options, const ImageSet & images)
  : trajectory_(trajectory)
  , domain_(domain)
  , fixedWeight_(images.fixedWeight)
  , movingWeight_(images.movingWeight)
{
  for (const Channel & channel : images.channels)
  {
    pairs_.push_back({ { channel.moving, {} }, makeSimilarity(options, domain, channel.fixed) });
  }
  if (movingWeight_ != nullptr)
  {
    weight_ = domain.scalar();
  }
  setWeight(fixedWeight_);
}

void
DataTerm::setWeight(const Real * weight)
{
  for (Pair & pair : pairs_)
  {
    pair.similarity->setWeight(weight);
  }
}

void
DataTerm::follow()
{
  for (Pair & pair : pairs_)
  {
    trajectory_.solve(pair.state);
  }
}

void
DataTerm::refreshWeight()
{
  if (movingWeight_ == nullptr)
  {
    return;
  }
  Kernels & kernels = domain_.kernels();
  trajectory_.advect(movingWeight_, weight_.data());
  // Cubic interpolation of a mask overshoots.
  kernels.clamp(Real(0), Real(1), weight_.data(), domain_.points());
  if (fixedWeight_ != nullptr)
  {
    kernels.multiply(Real(1), fixedWeight_, weight_.data(), weight_.data(), domain_.points());
  }
  setWeight(weight_.data());
}

double
DataTerm::value(const ConstVectorView &)
{
  double sum = 0.0;
  for (Pair & pair : pairs_)
  {
    sum += pair.similarity->value(trajectory_.end(pair.state));
  }
  return sum;
}

void
DataTerm::addGradient(const ConstVectorView &, bool accumulate, const VectorView & b)
{
  Buffer adjoint = domain_.scalar();
  for (Pair & pair : pairs_)
  {
    pair.similarity->linearize(trajectory_.end(pair.state), adjoint.data());
    trajectory_.integrateAdjoint(pair.state, adjoint.data(), accumulate, b);
    accumulate = true;
  }
}

void
DataTerm::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  Buffer incremental = domain_.scalar();
  for (Pair & pair : pairs_)
  {
    trajectory_.incrementalState(pair.state, p, incremental.data());
    pair.similarity->gaussNewton(incremental.data());
    trajectory_.integrateAdjoint(pair.state, incremental.data(), accumulate, q);
    accumulate = true;
  }
}

void
DataTerm::addStructure(Structure & structure)
{
  for (const Pair & pair : pairs_)
  {
    structure.addImage(trajectory_.end(pair.state), pair.similarity->curvature());
  }
}

} // namespace gnr
