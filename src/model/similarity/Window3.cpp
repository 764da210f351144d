// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/Window3.h"

#include <algorithm>
#include <cmath>

namespace gnr
{

Window3::Window3(double width)
{
  window_.radius = std::min(static_cast<int>(std::ceil(3.0 * width)), Window::mostRadius);
  double weights[Window::mostRadius + 1] = {};
  double sum = 0.0;
  for (int k = 0; k <= window_.radius; ++k)
  {
    weights[k] = std::exp(-0.5 * k * k / (width * width));
    sum += k == 0 ? weights[k] : 2.0 * weights[k];
  }
  for (int k = 0; k <= window_.radius; ++k)
  {
    window_.weight[k] = static_cast<Real>(weights[k] / sum);
  }
}

void
Window3::apply(Domain & domain, const Real * f, Real * out) const
{
  const Buffer turns = domain.turns();
  Real * const planes = turns ? turns.data() : out;
  domain.kernels().convolvePlanes(f, domain.extents(), window_, window_, planes);
  domain.kernels().convolveAcross(domain.padded(planes, { { 0, 0, window_.radius } }), window_, out);
}

} // namespace gnr
