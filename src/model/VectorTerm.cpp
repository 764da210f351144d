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
  , transport_(domain, trajectory)
  , structure_(domain.kernels(), 6 * domain.points())
{}

void
VectorTerm::solveStates()
{
  transport_.follow();
}

double
VectorTerm::evaluate()
{
  Kernels & kernels = domain().kernels();
  Buffer    m = domain().scalar(), scratch = domain().scalar();
  double    sum = 0.0;
  for (const Channel & channel : channels_)
  {
    transport_.deform(channel.moving.read(kernels, scratch), interpolation_, m.data());
    sum += channel.scale *
           kernels.squaredDistance(m.data(), channel.fixed.read(kernels, scratch), weight(), domain().points());
  }
  return 0.5 * domain().average(sum);
}

void
VectorTerm::addGradient(const ConstVectorView &, bool accumulate, const VectorView & b)
{
  Kernels &                 kernels = domain().kernels();
  const std::size_t         n = domain().points();
  const SymmetricTensorView structure{ structure_.data(), n };
  Buffer                    force = domain().vector();
  {
    Buffer m = domain().scalar(), scratch = domain().scalar();
    bool   isFirst = true;
    for (const Channel & channel : channels_)
    {
      transport_.deform(channel.moving.read(kernels, scratch), interpolation_, m.data());
      Real * const lambda = scratch.data();
      kernels.weightedDifference(channel.fixed.read(kernels, scratch), m.data(), weight(), lambda, n);
      const Padded padded = domain().padded(m.data(), differenceHalo());
      const Real   old = isFirst ? Real(0) : Real(1), scale = Real(channel.scale);
      kernels.scaledGradient(padded, domain().inverseSpacing(), lambda, scale, old, domain().view(force));
      kernels.addGradientDyad(padded, domain().inverseSpacing(), weight(), scale, old, structure);
      isFirst = false;
    }
  }
  transport_.integrate(domain().view(force), accumulate, b);
}

void
VectorTerm::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  const std::size_t n = domain().points();
  Buffer            field = domain().vector(); // first the direction, then the force
  const VectorView  z = domain().view(field);
  transport_.push(p, z);
  domain().kernels().tensorProduct({ structure_.data(), n }, z, Real(1), Real(0), z, n);
  transport_.integrate(z, accumulate, q);
}

void
VectorTerm::addStructure(Structure & structure)
{
  structure.addTensor({ structure_.data(), domain().points() });
}

} // namespace gnr
