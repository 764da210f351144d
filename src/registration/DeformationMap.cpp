// SPDX-License-Identifier: Apache-2.0
#include "registration/DeformationMap.h"

#include "model/FlowMap.h"

#include <algorithm>
#include <cmath>

namespace gnr
{

Buffer
integrateMap(FinestGrid & finest, const Buffer & velocity, bool inverse, int & steps)
{
  Domain & domain = finest.domain;
  Buffer   u = domain.vector();
  steps = integrateFlow(domain, domain.view(velocity), inverse, domain.view(u));
  domain.releaseScratch();
  return u;
}

void
determinantOf(Domain & domain, const ConstVectorView & u, Real * out)
{
  domain.kernels().jacobianDeterminant(domain.padded(u, { { 1, 1, 1 } }).data(), domain.inverseSpacing(), out);
  domain.releaseScratch();
}

DeterminantRange
determinantRange(const FinestGrid & finest, Domain & domain, const Buffer & velocity)
{
  Kernels & kernels = domain.kernels();
  Buffer    u = domain.vector();
  integrateFlow(domain, domain.view(velocity), false, domain.view(u));
  domain.releaseScratch();
  Buffer det = domain.scalar();
  determinantOf(domain, domain.view(u), det.data());
  // The points from the first voxel of the image to its last; the rest is padding.
  Region region{ { 0, 0, 0 }, {} };
  for (int a = 0; a < 3; ++a)
  {
    const Grid & grid = domain.grid();
    const double last =
      (finest.image.size[a] - 1) * finest.domain.grid().spacing[a] - domain.origin()[a] * grid.length(a);
    region.end[a] = std::min(grid.size[a], static_cast<int>(std::floor(last / grid.spacing[a] + 1e-6)) + 1);
  }
  region.end[2] = std::min(std::max(region.end[2] - domain.slab().begin, 0), domain.extents().nz);
  const Statistics s = reduce(kernels.statistics(det.data(), domain.extents(), region), domain.communicator());
  return { kernels.measured(Quantity::Determinant, s.minimum), kernels.measured(Quantity::Determinant, s.maximum) };
}

} // namespace gnr
