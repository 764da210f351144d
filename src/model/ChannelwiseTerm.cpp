// SPDX-License-Identifier: Apache-2.0
#include "model/ChannelwiseTerm.h"

#include "model/Structure.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

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
    Pair       pair{ {}, channel.fixed.values, channel.scale };
    const auto carry = [&](const Real * image, Sense sense) {
      trajectory.expect(channel.exponent, sense);
      pair.sides.push_back({ { image, channel.exponent, sense }, comparison.measure->compare(domain) });
      Side & side = pair.sides.back();
      side.similarity->setWeight(weight());
      if (channel.exponent != 0.0)
      {
        side.mass = mass(image, channel.exponent);
      }
    };
    carry(channel.moving.values, Sense::Forward);
    if (trajectory.isSymmetric())
    {
      carry(channel.fixed.values, Sense::Backward);
    }
    pairs_.push_back(std::move(pair));
  }
}

const Real *
ChannelwiseTerm::opposite(const Pair & pair, const Side & side)
{
  if (pair.sides.size() == 1)
  {
    return pair.fixed;
  }
  return trajectory().end((&side == &pair.sides.front() ? pair.sides.back() : pair.sides.front()).state);
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
    for (const Side & side : pair.sides)
    {
      if (side.state.exponent != 0.0)
      {
        most = std::max(most, std::abs(mass(trajectory().end(side.state), side.state.exponent) / side.mass - 1.0));
      }
    }
  }
  return most;
}

void
ChannelwiseTerm::solveStates()
{
  for (Pair & pair : pairs_)
  {
    for (Side & side : pair.sides)
    {
      trajectory().solve(side.state);
    }
  }
}

void
ChannelwiseTerm::takeWeight()
{
  for (Pair & pair : pairs_)
  {
    for (Side & side : pair.sides)
    {
      side.similarity->setWeight(weight());
    }
  }
}

double
ChannelwiseTerm::evaluate()
{
  double sum = 0.0;
  for (Pair & pair : pairs_)
  {
    const Side & moving = pair.sides.front();
    sum += pair.scale * moving.similarity->value(trajectory().end(moving.state), opposite(pair, moving));
  }
  return sum;
}

void
ChannelwiseTerm::addGradient(const ConstVectorView &, bool accumulate, const VectorView & b)
{
  const Buffer adjoint = domain().scalar();
  Real * const lambda = adjoint.data();
  for (Pair & pair : pairs_)
  {
    for (Side & side : pair.sides)
    {
      side.similarity->linearize(trajectory().end(side.state), opposite(pair, side), lambda);
      if (pair.scale != 1.0)
      {
        domain().kernels().scaleAndShift(Real(pair.scale), lambda, Real(0), lambda, domain().points());
      }
      trajectory().integrateAdjoint(side.state, lambda, accumulate, b);
      accumulate = true;
    }
  }
}

void
ChannelwiseTerm::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  Kernels &         kernels = domain().kernels();
  const std::size_t n = domain().points();
  const Buffer      incremental = domain().scalar();
  Real * const      mt = incremental.data();
  for (Pair & pair : pairs_)
  {
    for (Side & side : pair.sides)
    {
      trajectory().incrementalState(side.state, p, mt);
      const Real * const curvature = side.similarity->curvature();
      // Of two sides each counts twice: (x - y)^2 <= 2 x^2 + 2 y^2 [Y3].
      const Real factor = Real(-pair.scale / trajectory().duration());
      if (curvature == nullptr)
      {
        kernels.scaleAndShift(factor, mt, Real(0), mt, n);
      }
      else
      {
        kernels.multiply(factor, curvature, mt, mt, n);
      }
      trajectory().integrateAdjoint(side.state, mt, accumulate, q);
      accumulate = true;
    }
  }
}

void
ChannelwiseTerm::addStructure(Structure & structure)
{
  for (const Pair & pair : pairs_)
  {
    for (const Side & side : pair.sides)
    {
      // At rest a product has the square of the duration, and the factor of addHessian().
      structure.addImage(trajectory().end(side.state),
                         side.state.exponent,
                         side.similarity->curvature(),
                         pair.scale * trajectory().duration());
    }
  }
}

} // namespace gnr
