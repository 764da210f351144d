// SPDX-License-Identifier: Apache-2.0
#include "model/Structure.h"

#include "model/Differences.h"

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
}

void
Structure::addDyad(Real old)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  const VectorView  g = domain_.view(gradient_);
  Buffer            product = domain_.scalar();
  for (int c = 0; c < 6; ++c)
  {
    kernels.multiply(Real(1), g[rowOf[c]], g[columnOf[c]], product.data(), n);
    if (weight_ != nullptr)
    {
      kernels.multiply(Real(1), weight_, product.data(), product.data(), n);
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

void
Structure::addImage(const Real * m, const Real * weight)
{
  Kernels & kernels = domain_.kernels();
  if (form_ != Form::Zero)
  {
    becomeTensor(); // while the first gradient is there
  }
  if (!gradient_)
  {
    gradient_ = domain_.vector();
  }
  Buffer image;
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
Structure::addTensor(const SymmetricTensorView & t)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  becomeTensor();
  if (source_ == nullptr)
  {
    kernels.axpby(Real(1), t[0], Real(1), tensor_.data(), 6 * n);
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
    kernels.axpby(Real(1), coarse.data(), Real(1), tensor_.data() + c * n, n);
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
      kernels.gradientDyad(domain_.view(gradient_), weight_, { p, n }, { q, n }, n);
      break;
    case Form::Tensor:
      kernels.tensorProduct({ tensor_.data(), n }, { p, n }, Real(1), Real(0), { q, n }, n);
      break;
  }
}

} // namespace gnr
