// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_wrap_h
#define gnr_kernels_point_wrap_h

#include "kernels/point/decorations.h"

namespace gnr
{
namespace point
{

/** i modulo n for any i; the division is for halos alone. */
GNR_POINT int
wrap(int i, int n)
{
  if (i >= 0 && i < n)
  {
    return i;
  }
  const int r = i % n;
  return r < 0 ? r + n : r;
}

} // namespace point
} // namespace gnr

#endif
