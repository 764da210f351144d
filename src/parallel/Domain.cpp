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
Domain::haloPlan(int width, int fields)
{
  communicator_.announce({ Exchange::Kind::Halo, fields, grid_.size, width });
  const auto found = haloPlans_.find(width);
  return found != haloPlans_.end()
           ? found->second
           : haloPlans_.emplace(width, planHalo(grid_.size[2], communicator_.size(), communicator_.rank(), width))
               .first->second;
}

Padded
Domain::padded(const Real * field, const Halo & halo, int slot)
{
  const Padded out = paddedArray(halo, slot);
  fillPadded(haloPlan(halo[2], 1), &field, &out, 1, kernels_, communicator_);
  return out;
}

std::array<Padded, 3>
Domain::padded(const ConstVectorView & field, const Halo & halo)
{
  std::array<Padded, 3> out;
  const Real *          fields[3];
  for (int c = 0; c < 3; ++c)
  {
    out[c] = paddedArray(halo, c);
    fields[c] = field[c];
  }
  fillPadded(haloPlan(halo[2], 3), fields, out.data(), 3, kernels_, communicator_);
  return out;
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

} // namespace gnr
