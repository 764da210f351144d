// SPDX-License-Identifier: Apache-2.0
#include "parallel/Domain.h"

#include "parallel/Exchange.h"

#include <algorithm>

namespace gnr
{
namespace
{

// Departure points lie at most 6 voxels away, a little more where interpolation overshoots, and need 2 beyond.
constexpr int usualHalo = 9;

std::size_t
paddedPoints(const Extents & e, const Halo & halo)
{
  return static_cast<std::size_t>(e.nx + 2 * halo[0]) * (e.ny + 2 * halo[1]) * (e.nz + 2 * halo[2]);
}

} // namespace

Domain::Domain(const Grid & grid, Kernels & kernels, Communicator & communicator, const std::array<double, 3> & origin)
  : grid_(grid)
  , origin_(origin)
  , kernels_(kernels)
  , communicator_(communicator)
  , slab_(slabOf(grid.size[2], communicator.size(), communicator.rank()))
  , extents_{ grid.size[0], grid.size[1], slab_.size() }
  , inverseSpacing_{ { 1.0 / grid.spacing[0], 1.0 / grid.spacing[1], 1.0 / grid.spacing[2] } }
{}

Padded
Domain::paddedArray(const Halo & halo, int slot)
{
  Padded out;
  out.interior = extents_;
  for (int a = 0; a < 3; ++a)
  {
    out.halo[a] = halo[a];
  }
  out.rowStride = extents_.nx + 2 * halo[0];
  out.planeStride = out.rowStride * (extents_.ny + 2 * halo[1]);
  Buffer & memory = scratch_[slot];
  if (memory.size() < paddedPoints(extents_, halo))
  {
    memory.reset(); // before the new one, so that both never exist at once
    const auto widest = [&halo](int a) { return std::max(halo[a], usualHalo); };
    memory = Buffer(kernels_, paddedPoints(extents_, { { widest(0), widest(1), widest(2) } }));
  }
  out.origin = memory.data() + halo[0] + halo[1] * out.rowStride + halo[2] * out.planeStride;
  return out;
}

const HaloPlan &
Domain::haloPlan(int width)
{
  const auto found = haloPlans_.find(width);
  return found != haloPlans_.end()
           ? found->second
           : haloPlans_.emplace(width, planHalo(grid_.size[2], communicator_.size(), communicator_.rank(), width))
               .first->second;
}

void
Domain::fill(const Real * const * fields, const Padded * out, int count, KeptHalo * kept)
{
  const int width = out->halo[2];
  if (kept == nullptr || !kept->isThere())
  {
    communicator_.announce({ Exchange::Kind::Halo, count, grid_.size, width });
  }
  fillPadded(haloPlan(width), fields, out, count, kernels_, communicator_, kept);
}

bool
Domain::readsFieldsAsTheyAre() const
{
  return communicator_.size() == 1 && kernels_.readsPeriodicFields();
}

Padded
Domain::periodic(const Real * field, const Halo & halo) const
{
  Padded out;
  out.origin = const_cast<Real *>(field); // which is only read
  out.interior = extents_;
  for (int a = 0; a < 3; ++a)
  {
    out.halo[a] = halo[a];
  }
  out.rowStride = extents_.nx;
  out.planeStride = out.rowStride * extents_.ny;
  out.isPeriodic = true;
  return out;
}

Padded
Domain::padded(const Real * field, const Halo & halo, int slot, KeptHalo * kept)
{
  if (readsFieldsAsTheyAre())
  {
    return periodic(field, halo);
  }
  const Padded out = paddedArray(halo, slot);
  fill(&field, &out, 1, kept);
  return out;
}

std::array<Padded, 3>
Domain::padded(const ConstVectorView & field, const Halo & halo, KeptHalo * kept)
{
  std::array<Padded, 3> out;
  if (readsFieldsAsTheyAre())
  {
    for (int c = 0; c < 3; ++c)
    {
      out[c] = periodic(field[c], halo);
    }
    return out;
  }
  const Real * fields[3];
  for (int c = 0; c < 3; ++c)
  {
    out[c] = paddedArray(halo, c);
    fields[c] = field[c];
  }
  fill(fields, out.data(), 3, kept);
  return out;
}

KeptHalo
Domain::keptHalo(const Halo & halo, int fields)
{
  const std::size_t plane = static_cast<std::size_t>(extents_.nx) * extents_.ny;
  return { haloPlan(halo[2]), communicator_.rank(), plane, fields, kernels_ };
}

Buffer
Domain::turns(int fields) const
{
  return readsFieldsAsTheyAre() ? Buffer(kernels_, fields * points()) : Buffer();
}

void
Domain::releaseScratch()
{
  for (Buffer & memory : scratch_)
  {
    memory.reset();
  }
}

double
Domain::average(double localSum) const
{
  communicator_.sum(&localSum, 1);
  return localSum / static_cast<double>(grid_.points());
}

double
Domain::inner(const Real * x, const Real * y, std::size_t values) const
{
  return average(kernels_.dot(x, y, values));
}

std::unique_ptr<KrylovNumbers>
Domain::krylovNumbers() const
{
  Communicator & communicator = communicator_;
  return kernels_.makeKrylovNumbers(
    { points(), static_cast<double>(grid_.points()), communicator.size() > 1, [&communicator](double * number) {
       communicator.sum(number, 1);
     } });
}

double
Domain::maximumAbsolute(const Real * x) const
{
  double largest = kernels_.maximumAbsolute(x, points());
  communicator_.maximum(&largest, 1);
  return largest;
}

std::array<double, 3>
Domain::maximaAbsolute(const ConstVectorView & v) const
{
  std::array<double, 3> largest = kernels_.maximaAbsolute(v, points());
  communicator_.maximum(largest.data(), largest.size());
  return largest;
}

} // namespace gnr
