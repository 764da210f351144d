// SPDX-License-Identifier: Apache-2.0
#include "model/ChannelwiseTerm.h"

#include "model/Structure.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace gnr
{

ChannelwiseTerm::ChannelwiseTerm(Trajectory &       trajectory,
                                 Domain &           domain,
                                 const ImageSet &   images,
                                 const Comparison & comparison)
  : DataTerm(trajectory, domain, images)
{
  for (const Channel & channel : comparison.channels)
  {
    if (channel.moving.values == nullptr)
    {
      throw std::logic_error("ChannelwiseTerm: descriptors are for the vector form");
    }
    trajectory.expect(channel.exponent);
    pairs_.push_back({ { channel.moving.values, channel.exponent },
                       comparison.measure->compare(domain, channel.fixed.values),
                       channel.scale });
    pairs_.back().similarity->setWeight(weight());
    if (channel.exponent != 0.0)
    {
      pairs_.back().mass = mass(channel.moving.values, channel.exponent);
    }
  }
}

double
ChannelwiseTerm::mass(const Real * m, double exponent)
{
  Kernels &         kernels = domain().kernels();
  const std::size_t n = domain().points();
  if (exponent == 1.0)
  {
    return domain().average(kernels.sum(m, n));
  }
  const Buffer power = domain().scalar();
  kernels.copy(m, power.data(), n);
  kernels.power(Real(1.0 / exponent), power.data(), n);
  return domain().average(kernels.sum(power.data(), n));
}

double
ChannelwiseTerm::massDrift()
{
  double most = 0.0;
  for (const Pair & pair : pairs_)
  {
    if (pair.state.exponent != 0.0)
    {
      most = std::max(most, std::abs(mass(trajectory().end(pair.state), pair.state.exponent) / pair.mass - 1.0));
    }
  }
  return most;
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
    sum += pair.scale * pair.similarity->value(trajectory().end(pair.state));
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
    if (pair.scale != 1.0)
    {
      domain().kernels().scaleAndShift(Real(pair.scale), adjoint.data(), Real(0), adjoint.data(), domain().points());
    }
    trajectory().integrateAdjoint(pair.state, adjoint.data(), accumulate, b);
    accumulate = true;
  }
}

void
ChannelwiseTerm::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  Kernels &         kernels = domain().kernels();
  const std::size_t n = domain().points();
  Buffer            incremental = domain().scalar();
  Real * const      mt = incremental.data();
  for (Pair & pair : pairs_)
  {
    trajectory().incrementalState(pair.state, p, mt);
    const Real * const curvature = pair.similarity->curvature();
    const Real         factor = Real(-pair.scale);
    if (curvature == nullptr)
    {
      kernels.scaleAndShift(factor, mt, Real(0), mt, n);
    }
    else
    {
      kernels.multiply(factor, curvature, mt, mt, n);
    }
    trajectory().integrateAdjoint(pair.state, mt, accumulate, q);
    accumulate = true;
  }
}

void
ChannelwiseTerm::addStructure(Structure & structure)
{
  for (Pair & pair : pairs_)
  {
    const Real * curvature = pair.similarity->curvature();
    if (pair.scale != 1.0)
    {
      if (!pair.curvature)
      {
        pair.curvature = domain().scalar();
      }
      Real * const scaled = pair.curvature.data();
      if (curvature != nullptr)
      {
        domain().kernels().scaleAndShift(Real(pair.scale), curvature, Real(0), scaled, domain().points());
      }
      else
      {
        domain().kernels().fill(scaled, domain().points(), Real(pair.scale));
      }
      curvature = scaled;
    }
    structure.addImage(trajectory().end(pair.state), pair.state.exponent, curvature);
  }
}

} // namespace gnr
