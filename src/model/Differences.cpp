// SPDX-License-Identifier: Apache-2.0
#include "model/Differences.h"

#include "kernels/point/difference.h"

namespace gnr
{

Halo
differenceHalo()
{
  return { { point::differenceReach, point::differenceReach, point::differenceReach } };
}

void
divergence(Domain & domain, const ConstVectorView & v, Real * out)
{
  for (int c = 0; c < 3; ++c)
  {
    domain.kernels().derivative(
      domain.padded(v[c], differenceHalo()), c, domain.inverseSpacing()[c], Real(1), Real(c == 0 ? 0 : 1), out);
  }
}

void
subtractGradient(Domain & domain, Real scale, const Real * w, Real * a, const VectorView & out)
{
  domain.kernels().multiply(scale, w, a, a, domain.points());
  const Padded padded = domain.padded(a, differenceHalo());
  for (int c = 0; c < 3; ++c)
  {
    domain.kernels().derivative(padded, c, domain.inverseSpacing()[c], Real(-1), Real(1), out[c]);
  }
}

} // namespace gnr
