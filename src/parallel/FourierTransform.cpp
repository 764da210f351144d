// SPDX-License-Identifier: Apache-2.0
#include "parallel/FourierTransform.h"

#include <algorithm>

namespace gnr
{
namespace
{
constexpr double twoPi = 6.283185307179586476925286766559;
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

Complex *
FourierTransform::spectrum(int component)
{
  ComplexBuffer & buffer = spectrum_[component];
  if (!buffer)
  {
    buffer = ComplexBuffer(domain_.kernels(),
                           static_cast<std::size_t>(layout_.nxHalf()) * domain_.extents().ny * domain_.extents().nz);
  }
  return buffer.data();
}

void
FourierTransform::apply(const Symbol & symbol, const Real * in, Real * out, int components)
{
  Kernels & kernels = domain_.kernels();
  Complex * pointers[3] = { nullptr, nullptr, nullptr };
  for (int c = 0; c < components; ++c)
  {
    pointers[c] = spectrum(c);
    kernels.forwardPlanes(in + c * domain_.points(), domain_.extents(), pointers[c]);
  }
  kernels.applySymbol(pointers, components, layout_, symbol);
  for (int c = 0; c < components; ++c)
  {
    kernels.backwardPlanes(pointers[c], domain_.extents(), out + c * domain_.points());
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
  Kernels & kernels = domain_.kernels();
  Complex * pointers[3];
  Complex * coarsePointers[3];
  for (int c = 0; c < 3; ++c)
  {
    pointers[c] = spectrum(c);
    coarsePointers[c] = coarse.spectrum(c);
    kernels.forwardPlanes(in + c * domain_.points(), domain_.extents(), pointers[c]);
    kernels.resampleSpectrum(pointers[c], layout_, coarsePointers[c], coarse.layout_);
    kernels.backwardPlanes(coarsePointers[c], coarse.domain_.extents(), coarseField + c * coarse.domain_.points());
  }
  replace();
  for (int c = 0; c < 3; ++c)
  {
    kernels.forwardPlanes(coarseField + c * coarse.domain_.points(), coarse.domain_.extents(), coarsePointers[c]);
  }
  const SpectrumBand band{ coarsePointers, coarse.layout_ };
  kernels.applySymbol(pointers, 3, layout_, symbol, &band);
  for (int c = 0; c < 3; ++c)
  {
    kernels.backwardPlanes(pointers[c], domain_.extents(), out + c * domain_.points());
  }
}

void
FourierTransform::resample(const Real * in, FourierTransform & target, Real * out, int components)
{
  Kernels & kernels = domain_.kernels();
  for (int c = 0; c < components; ++c)
  {
    kernels.forwardPlanes(in + c * domain_.points(), domain_.extents(), spectrum(0));
    kernels.resampleSpectrum(spectrum(0), layout_, target.spectrum(0), target.layout_);
    kernels.backwardPlanes(target.spectrum(0), target.domain_.extents(), out + c * target.domain_.points());
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

void
FourierTransform::release()
{
  for (ComplexBuffer & buffer : spectrum_)
  {
    buffer.reset();
  }
}

} // namespace gnr
