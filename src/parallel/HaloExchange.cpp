// SPDX-License-Identifier: Apache-2.0
#include "parallel/HaloExchange.h"

#include "gnr/Error.h"

#include <algorithm>

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
  // As many planes at once as lie one behind the other on both sides: each copy is a launch on a GPU.
  for (int done = 0; done < halo;)
  {
    const int count = std::min(halo - done, nz);
    kernels.copy(plane(nz - count), plane(-done - count), count * planeSize);
    kernels.copy(plane(0), plane(nz + done), count * planeSize);
    done += count;
  }
}

} // namespace gnr
