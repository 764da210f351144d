// SPDX-License-Identifier: Apache-2.0
#include "model/Structure.h"

#include "model/Differences.h"

#include <cmath>

namespace gnr
{
namespace
{

// Of the mean that goes to a coarser grid, in voxels of the finer one: a truncated spectrum alone would overshoot, and
// T must not be negative.
constexpr double meanWidth = 1.0;
// Components of a symmetric matrix as SymmetricTensorView orders them.
constexpr int rowOf[6] = { 0, 0, 0, 1, 1, 2 };
constexpr int columnOf[6] = { 0, 1, 2, 1, 2, 2 };

} // namespace

Structure::Structure(Domain & domain)
  : domain_(domain)
{}

Structure::Structure(FourierTransform & source, FourierTransform & target, Domain & targetDomain)
  : domain_(targetDomain)
  , source_(&source)
  , target_(&target)
{}

void
Structure::clear()
{
  form_ = Form::Zero;
  countOfDensities_ = 0;
  volumeWeight_ = nullptr;
}

void
Structure::addDyad(Real old)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  const VectorView  g = domain_.view(dyad_.gradient);
  Buffer            product = domain_.scalar();
  for (int c = 0; c < 6; ++c)
  {
    kernels.multiply(Real(1), g[rowOf[c]], g[columnOf[c]], product.data(), n);
    if (dyad_.weight != nullptr)
    {
      kernels.multiply(Real(1), dyad_.weight, product.data(), product.data(), n);
    }
    kernels.axpby(Real(1), product.data(), old, tensor_.data() + c * n, n);
  }
}

void
Structure::becomeTensor()
{
  if (!tensor_)
  {
    tensor_ = Buffer(domain_.kernels(), 6 * domain_.points());
  }
  if (form_ == Form::Zero)
  {
    domain_.kernels().fill(tensor_.data(), tensor_.size(), Real(0));
  }
  else if (form_ == Form::Dyad)
  {
    addDyad(Real(0));
  }
  form_ = Form::Tensor;
}

const Real *
Structure::takeWeight(const Real * weight, Buffer & own)
{
  if (source_ == nullptr || weight == nullptr)
  {
    return weight;
  }
  if (!own)
  {
    own = domain_.scalar();
  }
  source_->resample(weight, *target_, own.data(), 1);
  // A truncated spectrum overshoots.
  domain_.kernels().clamp(Real(0), Real(source_->domain().maximumAbsolute(weight)), own.data(), own.size());
  return own.data();
}

Buffer
Structure::take(const Real * m, const Real * weight, double scale, Image & image)
{
  Kernels & kernels = domain_.kernels();
  if (!image.gradient)
  {
    image.gradient = domain_.vector();
  }
  Buffer coarse;
  if (source_ != nullptr)
  {
    coarse = domain_.scalar();
    source_->resample(m, *target_, coarse.data(), 1);
  }
  image.weight = takeWeight(weight, image.ownWeight);
  const Padded     padded = domain_.padded(coarse ? coarse.data() : m, differenceHalo());
  const VectorView g = domain_.view(image.gradient);
  for (int c = 0; c < 3; ++c)
  {
    kernels.derivative(padded, c, domain_.inverseSpacing()[c], Real(scale), Real(0), g[c]);
  }
  domain_.releaseScratch();
  return coarse;
}

void
Structure::addImage(const Real * m, double exponent, const Real * weight, double factor)
{
  const double scale = std::sqrt(factor); // of what stands on both sides of the weight
  if (exponent != 0.0)
  {
    if (countOfDensities_ == densities_.size())
    {
      densities_.emplace_back();
      densities_.back().density = domain_.scalar();
    }
    Image &      image = densities_[countOfDensities_++];
    const Buffer coarse = take(m, weight, scale, image);
    domain_.kernels().scaleAndShift(
      Real(scale * exponent), coarse ? coarse.data() : m, Real(0), image.density.data(), domain_.points());
    return;
  }
  if (form_ != Form::Zero)
  {
    becomeTensor(); // while the first gradient is there
  }
  take(m, weight, scale, dyad_);
  if (form_ == Form::Zero)
  {
    form_ = Form::Dyad;
  }
  else
  {
    addDyad(Real(1));
  }
}

void
Structure::applyDensity(const Image & image, const ConstVectorView & p, const VectorView & q) const
{
  Kernels &             kernels = domain_.kernels();
  const std::size_t     n = domain_.points();
  const ConstVectorView g = domain_.view(image.gradient);
  const Buffer          change = domain_.scalar();
  divergence(domain_, p, change.data());
  kernels.multiply(Real(1), image.density.data(), change.data(), change.data(), n);
  for (int c = 0; c < 3; ++c)
  {
    kernels.multiplyAdd(Real(1), g[c], p[c], Real(1), change.data(), n);
  }
  if (image.weight != nullptr)
  {
    kernels.multiply(Real(1), image.weight, change.data(), change.data(), n);
  }
  for (int c = 0; c < 3; ++c)
  {
    kernels.multiplyAdd(Real(1), g[c], change.data(), Real(1), q[c], n);
  }
  subtractGradient(domain_, Real(1), image.density.data(), change.data(), q);
  domain_.releaseScratch();
}

void
Structure::addDivergence(const Real * weight, double scale)
{
  volumeWeight_ = takeWeight(weight, ownVolumeWeight_);
  volumeScale_ = scale;
  domain_.releaseScratch();
}

void
Structure::addTensor(const SymmetricTensorView & t, double factor)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  becomeTensor();
  if (source_ == nullptr)
  {
    kernels.axpby(Real(factor), t[0], Real(1), tensor_.data(), 6 * n);
    return;
  }
  const Domain & fine = source_->domain();
  Symbol         mean = source_->symbol(Symbol::Kind::Gaussian);
  for (int a = 0; a < 3; ++a)
  {
    mean.sigma[a] = meanWidth * fine.grid().spacing[a];
  }
  const Buffer smooth = fine.scalar(), coarse = domain_.scalar();
  for (int c = 0; c < 6; ++c)
  {
    source_->apply(mean, t[c], smooth.data(), 1);
    source_->resample(smooth.data(), *target_, coarse.data(), 1);
    if (rowOf[c] == columnOf[c])
    {
      kernels.clamp(Real(0), Real(fine.maximumAbsolute(t[c])), coarse.data(), n);
    }
    kernels.axpby(Real(factor), coarse.data(), Real(1), tensor_.data() + c * n, n);
  }
}

void
Structure::apply(const Real * p, Real * q) const
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  switch (form_)
  {
    case Form::Zero:
      kernels.fill(q, 3 * n, Real(0));
      break;
    case Form::Dyad:
      kernels.gradientDyad(domain_.view(dyad_.gradient), dyad_.weight, { p, n }, { q, n }, n);
      break;
    case Form::Tensor:
      kernels.tensorProduct({ tensor_.data(), n }, { p, n }, Real(1), Real(0), { q, n }, n);
      break;
  }
  for (std::size_t i = 0; i < countOfDensities_; ++i)
  {
    applyDensity(densities_[i], { p, n }, { q, n });
  }
  if (volumeWeight_ != nullptr)
  {
    const Buffer change = domain_.scalar();
    divergence(domain_, { p, n }, change.data());
    subtractGradient(domain_, Real(volumeScale_), volumeWeight_, change.data(), { q, n });
    domain_.releaseScratch();
  }
}

} // namespace gnr
