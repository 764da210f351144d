// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_FinestGrid_h
#define gnr_registration_FinestGrid_h

#include "parallel/BoxPart.h"
#include "parallel/Domain.h"
#include "parallel/FourierTransform.h"
#include "parallel/Statistics.h"

namespace gnr
{

/** The finest grid of the solver, whose first points hold the image. */
struct FinestGrid
{
  FinestGrid(const Grid & imageGrid, const Grid & box, Kernels & kernels, Communicator & communicator)
    : image(imageGrid)
    , domain(box, kernels, communicator)
    , transform(domain)
  {}
  FinestGrid(const FinestGrid &) = delete;
  FinestGrid &
  operator=(const FinestGrid &) = delete;

  /** The part of the image, and of the box, that this process has. */
  BoxPart
  part() const
  {
    return BoxPart(image, domain.grid(), domain.communicator());
  }

  /** Of a field over the voxels of the image. Collective. */
  Statistics
  statistics(const Buffer & field) const
  {
    const Extents e = part().image();
    return reduce(domain.kernels().statistics(field.data(), domain.extents(), { { 0, 0, 0 }, { e.nx, e.ny, e.nz } }),
                  domain.communicator());
  }

  Grid             image;
  Domain           domain;
  FourierTransform transform;
};

} // namespace gnr

#endif
