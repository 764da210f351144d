// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_windows_h
#define gnr_test_core_windows_h

#include "testing.h"

#include <algorithm>

namespace gnr
{
namespace test
{

/** A Gaussian cut off at three standard deviations, sigma in points; its weights sum to one. */
inline Window
gaussianWindow(double sigma)
{
  Window window;
  window.radius = std::min(static_cast<int>(std::ceil(3.0 * sigma)), Window::mostRadius);
  double total = 0.0;
  for (int q = -window.radius; q <= window.radius; ++q)
  {
    total += std::exp(-0.5 * q * q / (sigma * sigma));
  }
  for (int q = 0; q <= window.radius; ++q)
  {
    window.weight[q] = static_cast<Real>(std::exp(-0.5 * q * q / (sigma * sigma)) / total);
  }
  return window;
}

/** The mean over a window in three dimensions, on a periodic box. */
inline Values
convolve(Kernels & kernels, const Extents & e, const Window & x, const Window & y, const Window & z, const Values & f)
{
  const Array<Real> in(kernels, f), out(kernels, e.points());
  kernels.convolvePlanes(in.data(), e, x, y, out.data());
  PaddedArray padded(kernels, e, 0, 0, z.radius);
  padded.setPeriodic(out.get());
  kernels.convolveAcross(padded.view(), z, out.data());
  return out.get();
}

} // namespace test
} // namespace gnr

#endif
