// SPDX-License-Identifier: Apache-2.0
#include "kernels/HostLayout.h"

namespace gnr
{

void
fromHostScalars(const float * in, std::size_t n, Real * out)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    out[i] = in[i];
  }
}

void
toHostScalars(const Real * in, std::size_t n, float * out)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    out[i] = static_cast<float>(in[i]);
  }
}

void
fromHostVectors(const float * interleaved, std::size_t n, double scale, Real * planar)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    for (int c = 0; c < 3; ++c)
    {
      planar[c * n + i] = static_cast<Real>(scale * interleaved[3 * i + c]);
    }
  }
}

void
toHostVectors(const Real * planar, std::size_t stride, std::size_t n, double scale, float * interleaved)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    for (int c = 0; c < 3; ++c)
    {
      interleaved[3 * i + c] = static_cast<float>(scale * planar[c * stride + i]);
    }
  }
}

} // namespace gnr
