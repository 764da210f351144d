// SPDX-License-Identifier: Apache-2.0
#include "model/StrainLimit.h"
#include <cstdlib>
#include <cmath>

namespace gnr
{
namespace
{
static double stiffness = getenv("SK") ? atof(getenv("SK")) : 4.0;
static double hessianFactor = getenv("SH") ? atof(getenv("SH")) : 2.0;
constexpr Halo   halo{ { 1, 1, 1 } };
} // namespace

StrainLimit::StrainLimit(Domain & domain, double beta, double limit)
  : domain_(domain)
  , scale_(0.5 * beta * stiffness / std::pow(limit, 8))
  , divergenceScale_(beta * stiffness / std::pow(getenv("SD") ? atof(getenv("SD")) : 1.2, 8))
{}

double
StrainLimit::evaluate(const ConstVectorView & v, Buffer & weight)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  Buffer            squared = domain_.scalar();
  if (!weight)
  {
    weight = domain_.scalar();
  }
  for (int c = 0; c < 3; ++c)
  {
    kernels.squaredGradient(
      domain_.padded(v[c], halo), domain_.inverseSpacing(), c == 0 ? Real(0) : Real(1), squared.data());
  }
  kernels.multiply(Real(std::sqrt(scale_)), squared.data(), squared.data(), weight.data(), n);
  kernels.multiply(Real(1), weight.data(), weight.data(), weight.data(), n);
  const double result = kernels.dot(squared.data(), weight.data(), n);
  divergence(v, squared.data());
  if (!divergenceWeight_)
  {
    divergenceWeight_ = domain_.scalar();
  }
  Real * const dw = divergenceWeight_.data();
  kernels.multiply(Real(1), squared.data(), squared.data(), squared.data(), n);
  kernels.multiply(Real(std::sqrt(divergenceScale_)), squared.data(), squared.data(), dw, n);
  kernels.multiply(Real(1), dw, dw, dw, n);
  return result + 0.5*kernels.dot(squared.data(), dw, n);
}

void
StrainLimit::divergence(const ConstVectorView & v, Real * out)
{
  const Halo reach{ { 4, 4, 4 } };
  for (int c = 0; c < 3; ++c)
  {
    domain_.kernels().derivative(
      domain_.padded(v[c], reach), c, domain_.inverseSpacing()[c], Real(1), Real(c == 0 ? 0 : 1), out);
  }
}

double
StrainLimit::value(const ConstVectorView & v)
{
  Buffer weight;
  return domain_.average(evaluate(v, weight)) / 5.0;
}

void
StrainLimit::refresh(const ConstVectorView & v)
{
  evaluate(v, weight_);
}

void
StrainLimit::add(const ConstVectorView & f, Real a, const VectorView & out)
{
  const Padded weight = domain_.padded(weight_.data(), halo, 1);
  for (int c = 0; c < 3; ++c)
  {
    domain_.kernels().weightedLaplacian(
      domain_.padded(f[c], halo), weight, domain_.inverseSpacing(), a, Real(1), out[c]);
  }
  Buffer d = domain_.scalar();
  divergence(f, d.data());
  domain_.kernels().multiply(a, divergenceWeight_.data(), d.data(), d.data(), domain_.points());
  const Padded q = domain_.padded(d.data(), Halo{ { 4, 4, 4 } });
  for (int c = 0; c < 3; ++c)
  {
    domain_.kernels().derivative(q, c, domain_.inverseSpacing()[c], Real(-1), Real(1), out[c]);
  }
}

void
StrainLimit::addGradient(const ConstVectorView & v, const VectorView & g)
{
  add(v, Real(1), g);
}

void
StrainLimit::addHessian(const ConstVectorView & p, const VectorView & hp)
{
  add(p, Real(hessianFactor), hp);
}

} // namespace gnr
