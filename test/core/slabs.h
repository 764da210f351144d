// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_slabs_h
#define gnr_test_slabs_h

#include "parallel/Domain.h"

#include <vector>

namespace gnr
{
namespace test
{

/** Values between -1/2 and 1/2 that know of no grid. */
inline std::vector<Real>
noise(std::size_t n, int seed)
{
  std::vector<Real> values(n);
  unsigned          state = 12345u + 977u * seed;
  for (Real & value : values)
  {
    state = 1664525u * state + 1013904223u;
    value = Real(state >> 8) / Real(1 << 24) - Real(0.5);
  }
  return values;
}

/** This rank's part of `components` fields of the whole grid. */
inline Buffer
part(Domain & domain, const std::vector<Real> & whole, int components)
{
  const std::size_t plane = static_cast<std::size_t>(domain.grid().size[0]) * domain.grid().size[1];
  Buffer            result(domain.kernels(), components * domain.points());
  for (int c = 0; c < components; ++c)
  {
    domain.kernels().copyFromHost(whole.data() + c * domain.grid().points() + plane * domain.slab().begin,
                                  result.data() + c * domain.points(),
                                  domain.points() * sizeof(Real));
  }
  return result;
}

} // namespace test
} // namespace gnr

#endif
