// SPDX-License-Identifier: Apache-2.0
#include "parallel/FourierTransform.h"

#include <algorithm>

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
{
  for (int a = 0; a < 3; ++a)
  {
    layout_.size[a] = domain.grid().size[a];
    layout_.origin[a] = domain.origin()[a];
  }
  layout_.kyBegin = 0;
  layout_.kyEnd = layout_.size[1];
  layout_.kyStride = layout_.nxHalf();
  layout_.zStride = static_cast<std::ptrdiff_t>(layout_.nxHalf()) * layout_.size[1];
}

ComplexBuffer
FourierTransform::spectrum() const
{
  return ComplexBuffer(domain_.kernels(),
                       static_cast<std::size_t>(layout_.nxHalf()) * domain_.extents().ny * domain_.extents().nz);
}

void
FourierTransform::apply(const Symbol & symbol, const Real * in, Real * out, int components)
{
  Kernels &     kernels = domain_.kernels();
  ComplexBuffer memory[3];
  Complex *     spectra[3] = { nullptr, nullptr, nullptr };
  for (int c = 0; c < components; ++c)
  {
    memory[c] = spectrum();
    spectra[c] = memory[c].data();
    kernels.forwardPlanes(in + c * domain_.points(), domain_.extents(), spectra[c]);
  }
  kernels.applySymbol(spectra, components, layout_, symbol);
  for (int c = 0; c < components; ++c)
  {
    kernels.backwardPlanes(spectra[c], domain_.extents(), out + c * domain_.points());
  }
}

void
FourierTransform::applyWithLowBand(const Symbol &                symbol,
                                   const Real *                  in,
                                   FourierTransform &            coarse,
                                   Real *                        coarseField,
                                   const std::function<void()> & replace,
                                   Real *                        out)
{
  Kernels &     kernels = domain_.kernels();
  ComplexBuffer memory[3];
  Complex *     spectra[3];
  for (int c = 0; c < 3; ++c)
  {
    memory[c] = spectrum();
    spectra[c] = memory[c].data();
    kernels.forwardPlanes(in + c * domain_.points(), domain_.extents(), spectra[c]);
    const ComplexBuffer low = coarse.spectrum();
    kernels.resampleSpectrum(spectra[c], layout_, low.data(), coarse.layout_);
    kernels.backwardPlanes(low.data(), coarse.domain_.extents(), coarseField + c * coarse.domain_.points());
  }
  replace();
  ComplexBuffer coarseMemory[3];
  Complex *     coarseSpectra[3];
  for (int c = 0; c < 3; ++c)
  {
    coarseMemory[c] = coarse.spectrum();
    coarseSpectra[c] = coarseMemory[c].data();
    kernels.forwardPlanes(coarseField + c * coarse.domain_.points(), coarse.domain_.extents(), coarseSpectra[c]);
  }
  const SpectrumBand band{ coarseSpectra, coarse.layout_ };
  kernels.applySymbol(spectra, 3, layout_, symbol, &band);
  for (int c = 0; c < 3; ++c)
  {
    kernels.backwardPlanes(spectra[c], domain_.extents(), out + c * domain_.points());
  }
}

void
FourierTransform::resample(const Real * in, FourierTransform & target, Real * out, int components)
{
  Kernels &           kernels = domain_.kernels();
  const ComplexBuffer from = spectrum(), to = target.spectrum();
  for (int c = 0; c < components; ++c)
  {
    kernels.forwardPlanes(in + c * domain_.points(), domain_.extents(), from.data());
    kernels.resampleSpectrum(from.data(), layout_, to.data(), target.layout_);
    kernels.backwardPlanes(to.data(), target.domain_.extents(), out + c * target.domain_.points());
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
