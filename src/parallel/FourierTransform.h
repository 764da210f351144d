// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_FourierTransform_h
#define gnr_parallel_FourierTransform_h

#include "parallel/SlabTransform.h"

#include <functional>

namespace gnr
{

/** Smallest even number >= n without prime factors above 7. */
int
fourierSize(int n);

/** Everything that is done in Fourier space on one domain [F1]: the transforms of SlabTransform, and between them the
 * kernels that work along z. */
class FourierTransform
{
public:
  explicit FourierTransform(Domain & domain);

  Domain &
  domain() const
  {
    return domain_;
  }

  /** out = symbol in, for 1 or 3 components that lie one behind the other; out may be in. Per component: one forward
   * and one backward transform. Collective. */
  void
  apply(const Symbol & symbol, const Real * in, Real * out, int components);

  /** out = symbol in for a vector field, but with the frequencies that the coarser grid carries replaced by those of
   * another field on it: the low part of `in` is put into `coarseField` (a vector field of `coarse`, same
   * box), replace() turns it into what is wanted there, and the result takes its frequencies from it [K3]. Costs
   * what apply() costs and two transforms on the coarser grid. out may be in. Collective. */
  void
  applyWithLowBand(const Symbol &                symbol,
                   const Real *                  in,
                   FourierTransform &            coarse,
                   Real *                        coarseField,
                   const std::function<void()> & replace,
                   Real *                        out);

  /** The band-limited function `in` on the grid of `target`, whose box is the same: truncates or zero-pads the spectrum
   * [F2]. Collective. */
  void
  resample(const Real * in, FourierTransform & target, Real * out, int components);

  /** A symbol of the given kind with the wave numbers of this domain. */
  Symbol
  symbol(Symbol::Kind kind) const;

private:
  Domain &      domain_;
  SlabTransform slabs_;
};

} // namespace gnr

#endif
