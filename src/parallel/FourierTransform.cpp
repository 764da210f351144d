// SPDX-License-Identifier: Apache-2.0
#include "parallel/FourierTransform.h"

#include <algorithm>
#include <array>

namespace gnr
{
namespace
{
constexpr double twoPi = 6.283185307179586476925286766559;
}

int
fourierSize(int n)
{
  for (int size = n + n % 2;; size += 2)
  {
    int rest = size;
    for (const int factor : { 2, 3, 5, 7 })
    {
      while (rest % factor == 0)
      {
        rest /= factor;
      }
    }
    if (rest == 1)
    {
      return size;
    }
  }
}

FourierTransform::FourierTransform(Domain & domain)
  : domain_(domain)
  , slabs_(domain, domain)
{}

void
FourierTransform::apply(const Symbol & symbol, const Real * in, Real * out, int components)
{
  SlabTransform::Rows rows = slabs_.forward(in, components);
  domain_.kernels().applySymbol(rows.data(), components, rows.layout(), symbol);
  slabs_.backward(rows, out, components);
}

void
FourierTransform::applyWithLowBand(const Symbol &                symbol,
                                   const Real *                  in,
                                   FourierTransform &            coarse,
                                   Real *                        coarseField,
                                   const std::function<void()> & replace,
                                   Real *                        out)
{
  Kernels &           kernels = domain_.kernels();
  SlabTransform       coarseSlabs(coarse.domain_, domain_);
  SlabTransform::Rows rows = slabs_.forward(in, 3);
  {
    SlabTransform::Rows low = coarseSlabs.rows(3);
    kernels.resampleSpectrum(rows.data(), 3, rows.layout(), low.data(), low.layout());
    coarseSlabs.backward(low, coarseField, 3);
  }
  replace();
  {
    const SlabTransform::Rows low = coarseSlabs.forward(coarseField, 3);
    const SpectrumBand        band{ low.data(), low.layout() };
    kernels.applySymbol(rows.data(), 3, rows.layout(), symbol, &band);
  }
  slabs_.backward(rows, out, 3);
}

void
FourierTransform::resample(const Real * in, FourierTransform & target, Real * out, int components)
{
  // The finer grid decides which process has which frequencies.
  const bool     isFiner = domain_.grid().points() >= target.domain_.grid().points();
  const Domain & owner = isFiner ? domain_ : target.domain_;
  SlabTransform  from(domain_, owner), to(target.domain_, owner);
  for (int c = 0; c < components; ++c)
  {
    SlabTransform::Rows source = from.forward(in + c * domain_.points(), 1), result = to.rows(1);
    domain_.kernels().resampleSpectrum(source.data(), 1, source.layout(), result.data(), result.layout());
    source.reset();
    to.backward(result, out + c * target.domain_.points(), 1);
  }
}

Symbol
FourierTransform::symbol(Symbol::Kind kind) const
{
  Symbol result;
  result.kind = kind;
  double longest = 0.0;
  for (int a = 0; a < 3; ++a)
  {
    result.waveNumber[a] = twoPi / domain_.grid().length(a);
    longest = std::max(longest, domain_.grid().length(a));
  }
  result.ell = longest / twoPi;
  result.kMinimum = 1.0 / result.ell;
  return result;
}

} // namespace gnr
