// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_reference_ReferenceKernels_h
#define gnr_kernels_reference_ReferenceKernels_h

#include "kernels/kernels.h"

namespace gnr
{

/** Plain serial loops in double arithmetic: the answer that every other backend is compared with.
 *
 * Values are rounded to Real only when they are stored. The formulas are written out again here, in a different way
 * where there is one, and share nothing with kernels/point, so that a mistake there does not hide. Memory comes filled
 * with NaN, so that reading what nobody wrote shows. The transforms are sums over the definition, O(n) a value. */
class ReferenceKernels : public Kernels
{
public:
  ReferenceKernels();

  std::string
  description() const override;

#include "kernels/overrides.h" // every kernel
};

} // namespace gnr

#endif
