// SPDX-License-Identifier: Apache-2.0
#include "model/ChannelwiseTerm.h"

#include "model/Structure.h"

namespace gnr
{

ChannelwiseTerm::ChannelwiseTerm(Trajectory &     trajectory,
                                 Domain &         domain,
                                 const Options &  options,
                                 const ImageSet & images)
  : DataTerm(trajectory, domain, images)
{
  for (const Channel & channel : images.channels)
  {
    pairs_.push_back({ { channel.moving, {} }, makeSimilarity(options.similarity, domain, channel.fixed) });
    pairs_.back().similarity->setWeight(weight());
  }
}

void
ChannelwiseTerm::solveStates()
{
  for (Pair & pair : pairs_)
  {
    trajectory().solve(pair.state);
  }
}

void
ChannelwiseTerm::takeWeight()
{
  for (Pair & pair : pairs_)
  {
    pair.similarity->setWeight(weight());
  }
}

double
ChannelwiseTerm::evaluate()
{
  double sum = 0.0;
  for (Pair & pair : pairs_)
  {
    sum += pair.similarity->value(trajectory().end(pair.state));
  }
  return sum;
}

void
ChannelwiseTerm::addGradient(const ConstVectorView &, bool accumulate, const VectorView & b)
{
  Buffer adjoint = domain().scalar();
  for (Pair & pair : pairs_)
  {
    pair.similarity->linearize(trajectory().end(pair.state), adjoint.data());
    trajectory().integrateAdjoint(pair.state, adjoint.data(), accumulate, b);
    accumulate = true;
  }
}

void
ChannelwiseTerm::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  Buffer incremental = domain().scalar();
  for (Pair & pair : pairs_)
  {
    trajectory().incrementalState(pair.state, p, incremental.data());
    pair.similarity->gaussNewton(incremental.data());
    trajectory().integrateAdjoint(pair.state, incremental.data(), accumulate, q);
    accumulate = true;
  }
}

void
ChannelwiseTerm::addStructure(Structure & structure)
{
  for (const Pair & pair : pairs_)
  {
    structure.addImage(trajectory().end(pair.state), pair.similarity->curvature());
  }
}

} // namespace gnr
