// SPDX-License-Identifier: Apache-2.0
#include "parallel/HaloExchange.h"

#include "gnr/Error.h"

namespace gnr
{

void
exchangeHalo(const Padded & field, Kernels & kernels, Communicator & communicator)
{
  if (communicator.size() != 1)
  {
    throw Error(ErrorKind::OutOfResources, "several processes need the MPI engine, which this build does not have");
  }
  const int         nz = field.interior.nz;
  const int         halo = field.halo[2];
  const std::size_t planeSize = field.planeStride;
  Real * const      first = field.origin - field.halo[0] - field.halo[1] * field.rowStride;
  const auto        plane = [&](int k) { return first + k * field.planeStride; };
  const auto        wrap = [&](int k) { return ((k % nz) + nz) % nz; };
  for (int h = 1; h <= halo; ++h)
  {
    kernels.copy(plane(wrap(-h)), plane(-h), planeSize);
    kernels.copy(plane(wrap(nz - 1 + h)), plane(nz - 1 + h), planeSize);
  }
}

} // namespace gnr
