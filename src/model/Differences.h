// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Differences_h
#define gnr_model_Differences_h

#include "parallel/Domain.h"

namespace gnr
{

/** Points on each side that 8th-order differences read. */
Halo
differenceHalo();

/** out = div v; v and out must not overlap. Collective. */
void
divergence(Domain & domain, const ConstVectorView & v, Real * out);

/** out -= grad(scale w a); a is overwritten by scale w a. Collective. */
void
subtractGradient(Domain & domain, Real scale, const Real * w, Real * a, const VectorView & out);

} // namespace gnr

#endif
