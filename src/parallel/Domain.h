// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_Domain_h
#define gnr_parallel_Domain_h

#include "kernels/Buffer.h"
#include "kernels/kernels.h"
#include "parallel/HaloExchange.h"
#include "parallel/Slab.h"

#include "gnr/Communicator.h"
#include "gnr/Grid.h"

#include <array>
#include <map>
#include <memory>

namespace gnr
{

/** Halo widths along x, y, z. */
using Halo = std::array<int, 3>;

/** One periodic grid, shared as slabs along z by the processes of a communicator: what every model needs to know about
 * where its fields live. Fields are plain arrays of points() values (three times that for vectors). */
class Domain
{
public:
  /** \param origin where the first point lies, as a share of the box, for grids of a pyramid. */
  Domain(const Grid &                  grid,
         Kernels &                     kernels,
         Communicator &                communicator,
         const std::array<double, 3> & origin = { { 0.0, 0.0, 0.0 } });

  const Grid &
  grid() const
  {
    return grid_;
  }
  const std::array<double, 3> &
  origin() const
  {
    return origin_;
  }
  Kernels &
  kernels() const
  {
    return kernels_;
  }
  Communicator &
  communicator() const
  {
    return communicator_;
  }
  const Slab &
  slab() const
  {
    return slab_;
  }
  /** Points of this process. */
  const Extents &
  extents() const
  {
    return extents_;
  }
  std::size_t
  points() const
  {
    return extents_.points();
  }
  /** 1 / spacing, per mm. */
  const double *
  inverseSpacing() const
  {
    return inverseSpacing_.data();
  }

  Buffer
  scalar() const
  {
    return Buffer(kernels_, points());
  }
  Buffer
  vector() const
  {
    return Buffer(kernels_, 3 * points());
  }
  VectorView
  view(const Buffer & vector) const
  {
    return { vector.data(), points() };
  }

  /** A field with its halos: a copy in scratch memory that the next call with the same slot overwrites, or the field
   * itself where kernels wrap (readsFieldsAsTheyAre()), which therefore must not change while the result is used. The
   * scratch memory has room for usual halos from the first call on, so that it stays in its place while the velocity
   * grows. \param kept of keptHalo(), for a field that stays as it is. Collective. */
  Padded
  padded(const Real * field, const Halo & halo, int slot = 0, KeptHalo * kept = nullptr);
  /** The same for the three components of a vector field, which share their messages, in all three slots. Collective.
   */
  std::array<Padded, 3>
  padded(const ConstVectorView & field, const Halo & halo, KeptHalo * kept = nullptr);

  /** Memory for the halos of fields, 1 or 3, that padded() is asked for again and again. */
  KeptHalo
  keptHalo(const Halo & halo, int fields = 1);

  /** Where the next value of fields goes that is found from padded() of their last one: other memory where that is the
   * field itself; none where it is a copy, so that the next value may take the place of the last one. */
  Buffer
  turns(int fields = 1) const;

  /** Gives the scratch memory of padded() back. */
  void
  releaseScratch();

  /** Volume average of a local sum: collective. */
  double
  average(double localSum) const;
  /** <x, y> = (1/N) sum over points (and components, for `values` = 3 points()). Collective. */
  double
  inner(const Real * x, const Real * y, std::size_t values) const;
  /** For conjugate gradients over vector fields. */
  std::unique_ptr<KrylovNumbers>
  krylovNumbers() const;
  /** Largest |x| over all processes. Collective. */
  double
  maximumAbsolute(const Real * x) const;
  /** Of each component. Collective. */
  std::array<double, 3>
  maximaAbsolute(const ConstVectorView & v) const;

private:
  bool
  readsFieldsAsTheyAre() const;
  Padded
  periodic(const Real * field, const Halo & halo) const;
  /** An array with halos in the memory of a slot. */
  Padded
  paddedArray(const Halo & halo, int slot);
  const HaloPlan &
  haloPlan(int width);
  /** Fills the arrays of so many fields, and announces it if anything is exchanged. */
  void
  fill(const Real * const * fields, const Padded * out, int count, KeptHalo * kept);

  Grid                    grid_;
  std::array<double, 3>   origin_;
  Kernels &               kernels_;
  Communicator &          communicator_;
  Slab                    slab_;
  Extents                 extents_;
  std::array<double, 3>   inverseSpacing_;
  std::array<Buffer, 3>   scratch_;
  std::map<int, HaloPlan> haloPlans_;
};

} // namespace gnr

#endif
