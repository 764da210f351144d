// SPDX-License-Identifier: Apache-2.0
#include "parallel/Statistics.h"

namespace gnr
{

Statistics
reduce(const Statistics & own, Communicator & communicator)
{
  Statistics all = own;
  communicator.minimum(&all.minimum, 1);
  communicator.maximum(&all.maximum, 1);
  // Counts stay exact: they are far below 2^53.
  double sums[4] = {
    own.sum, static_cast<double>(own.notPositive), static_cast<double>(own.notFinite), static_cast<double>(own.count)
  };
  communicator.sum(sums, 4);
  all.sum = sums[0];
  all.notPositive = static_cast<std::size_t>(sums[1]);
  all.notFinite = static_cast<std::size_t>(sums[2]);
  all.count = static_cast<std::size_t>(sums[3]);
  return all;
}

Statistics
statisticsOf(const Real * field, const Extents & extents, Kernels & kernels, Communicator & communicator)
{
  return reduce(kernels.statistics(field, extents, { { 0, 0, 0 }, { extents.nx, extents.ny, extents.nz } }),
                communicator);
}

} // namespace gnr
