// SPDX-License-Identifier: Apache-2.0
#include "model/VectorTerm.h"

#include "model/Differences.h"
#include "model/Structure.h"

#include <utility>

namespace gnr
{

VectorTerm::VectorTerm(Trajectory &         trajectory,
                       Domain &             domain,
                       const Options &      options,
                       const ImageSet &     images,
                       std::vector<Channel> channels)
  : DataTerm(trajectory, domain, images)
  , channels_(std::move(channels))
  , interpolation_(options.interpolation)
  , structure_(domain.kernels(), 6 * domain.points())
{
  transports_.emplace_back(domain, trajectory, Sense::Forward);
  if (trajectory.isSymmetric())
  {
    transports_.emplace_back(domain, trajectory, Sense::Backward);
  }
}

void
VectorTerm::solveStates()
{
  for (VectorTransport & transport : transports_)
  {
    transport.follow();
  }
}

VectorTerm::Deformed
VectorTerm::space()
{
  return { domain().scalar(), domain().scalar(), trajectory().isSymmetric() ? domain().scalar() : Buffer() };
}

void
VectorTerm::deform(const Channel & channel, Deformed & deformed)
{
  auto & [moving, scratch, carried, fixed] = deformed;
  Kernels & kernels = domain().kernels();
  transports_.front().deform(channel.moving.read(kernels, scratch), interpolation_, moving.data());
  fixed = channel.fixed.read(kernels, scratch);
  if (trajectory().isSymmetric())
  {
    transports_.back().deform(fixed, interpolation_, carried.data());
    fixed = carried.data();
  }
}

double
VectorTerm::evaluate()
{
  Deformed channels = space();
  double   sum = 0.0;
  for (const Channel & channel : channels_)
  {
    deform(channel, channels);
    sum += channel.scale *
           domain().kernels().squaredDistance(channels.moving.data(), channels.fixed, weight(), domain().points());
  }
  return 0.5 * domain().average(sum);
}

void
VectorTerm::addGradient(const ConstVectorView &, bool accumulate, const VectorView & b)
{
  Kernels &                 kernels = domain().kernels();
  const std::size_t         n = domain().points();
  const SymmetricTensorView structure{ structure_.data(), n };
  std::vector<Buffer>       forces(transports_.size());
  for (Buffer & force : forces)
  {
    force = domain().vector();
  }
  {
    Deformed     channels = space();
    Real * const lambda = channels.scratch.data();
    for (const Channel & channel : channels_)
    {
      deform(channel, channels);
      kernels.weightedDifference(channels.fixed, channels.moving.data(), weight(), lambda, n);
      const auto addSide = [&](const Real * image, Real sign, std::size_t side) {
        const bool   isFirst = &channel == &channels_.front();
        const Padded padded = domain().padded(image, differenceHalo());
        const Real   scale = Real(channel.scale);
        kernels.scaledGradient(
          padded, domain().inverseSpacing(), lambda, sign * scale, Real(isFirst ? 0 : 1), domain().view(forces[side]));
        kernels.addGradientDyad(
          padded, domain().inverseSpacing(), weight(), scale, Real(isFirst && side == 0 ? 0 : 1), structure);
      };
      addSide(channels.moving.data(), Real(1), 0);
      if (trajectory().isSymmetric())
      {
        addSide(channels.fixed, Real(-1), 1);
      }
    }
  }
  for (std::size_t side = 0; side < transports_.size(); ++side)
  {
    transports_[side].integrate(domain().view(forces[side]), accumulate || side > 0, b);
  }
}

void
VectorTerm::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  const std::size_t n = domain().points();
  const Buffer      field = domain().vector(); // first the direction, then the force
  const VectorView  z = domain().view(field);
  for (VectorTransport & transport : transports_)
  {
    transport.push(p, z);
    domain().kernels().tensorProduct({ structure_.data(), n }, z, Real(1), Real(0), z, n);
    transport.integrate(z, accumulate, q);
    accumulate = true;
  }
}

void
VectorTerm::addStructure(Structure & structure)
{
  // At rest each side adds M times the square of the duration.
  structure.addTensor({ structure_.data(), domain().points() }, trajectory().duration());
}

} // namespace gnr
