// SPDX-License-Identifier: Apache-2.0
#include "model/Structure.h"

#include "model/Differences.h"

namespace gnr
{

Structure::Structure(Domain & domain)
  : domain_(domain)
  , gradient_(domain.vector())
{}

Structure::Structure(FourierTransform & source, FourierTransform & target, Domain & targetDomain)
  : domain_(targetDomain)
  , source_(&source)
  , target_(&target)
  , gradient_(targetDomain.vector())
{}

void
Structure::clear()
{
  weight_ = nullptr;
}

void
Structure::addImage(const Real * m, const Real * weight)
{
  Kernels & kernels = domain_.kernels();
  Buffer    image;
  weight_ = weight;
  if (source_ != nullptr)
  {
    image = domain_.scalar();
    source_->resample(m, *target_, image.data(), 1);
    if (weight != nullptr)
    {
      if (!ownWeight_)
      {
        ownWeight_ = domain_.scalar();
      }
      source_->resample(weight, *target_, ownWeight_.data(), 1);
      // A truncated spectrum overshoots.
      const double most = source_->domain().maximumAbsolute(weight);
      kernels.clamp(Real(0), Real(most), ownWeight_.data(), ownWeight_.size());
      weight_ = ownWeight_.data();
    }
  }
  const Padded     padded = domain_.padded(image ? image.data() : m, differenceHalo());
  const VectorView g = domain_.view(gradient_);
  for (int c = 0; c < 3; ++c)
  {
    kernels.derivative(padded, c, domain_.inverseSpacing()[c], Real(1), Real(0), g[c]);
  }
  domain_.releaseScratch();
}

void
Structure::apply(const Real * p, Real * q) const
{
  const std::size_t n = domain_.points();
  domain_.kernels().gradientDyad(domain_.view(gradient_), weight_, { p, n }, { q, n }, n);
}

} // namespace gnr
