// SPDX-License-Identifier: Apache-2.0
#include "model/VectorTransport.h"

#include "model/Characteristics.h"
#include "model/Differences.h"

#include <array>
#include <utility>

namespace gnr
{
namespace
{

constexpr Real unscaled[3] = { Real(1), Real(1), Real(1) };

} // namespace

VectorTransport::VectorTransport(Domain & domain, const Trajectory & trajectory, Sense sense)
  : domain_(domain)
  , trajectory_(trajectory)
  , sense_(sense)
{}

void
VectorTransport::follow()
{
  if (!trajectory_.isMoving())
  {
    return;
  }
  Kernels & kernels = domain_.kernels();
  if (!map_)
  {
    map_ = domain_.vector();
    forward_ = domain_.keptHalo(differenceHalo(), 3);
    backward_ = domain_.keptHalo(differenceHalo(), 3);
  }
  forward_.forget();
  backward_.forget();
  const ConstVectorView step = trajectory_.departure(sense_);
  const Buffer          turns = domain_.turns(3);
  VectorView            map = domain_.view(map_), next = turns ? domain_.view(turns) : map;
  if (trajectory_.steps() % 2 == 0)
  {
    std::swap(map, next); // the last is the map
  }
  kernels.copy(step[0], map[0], map_.size());
  for (int j = 1; j < trajectory_.steps(); ++j)
  {
    // Where the last steps lead from there, and the first step to there.
    const std::array<Padded, 3> padded = domain_.padded(ConstVectorView(map), trajectory_.departureHalo(sense_));
    kernels.interpolateVector(padded.data(), step, unscaled, next);
    std::swap(map, next);
    kernels.axpby(Real(1), step[0], Real(1), map[0], map_.size());
  }
  mapHalo_ = interpolationHalo(domain_, map);
}

void
VectorTransport::deform(const Real * m0, Interpolation interpolation, Real * m)
{
  if (!trajectory_.isMoving())
  {
    domain_.kernels().copy(m0, m, domain_.points());
    return;
  }
  domain_.kernels().interpolate(domain_.padded(m0, mapHalo_), domain_.view(map_), nullptr, interpolation, m);
}

void
VectorTransport::push(const ConstVectorView & vt, VectorView z)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t values = 3 * domain_.points();
  const Real        h = Real(trajectory_.step(sense_));
  if (!trajectory_.isMoving())
  {
    kernels.axpby(h, vt[0], Real(0), z[0], values);
    return;
  }
  const int    steps = trajectory_.steps();
  const Buffer turns = domain_.turns(3);
  VectorView   next = turns ? domain_.view(turns) : z;
  if (steps % 2 != 0)
  {
    std::swap(z, next); // the last is where it belongs
  }
  kernels.axpby(h / 2, vt[0], Real(0), z[0], values);
  for (int j = 1; j <= steps; ++j)
  {
    const std::array<Padded, 3> padded = domain_.padded(ConstVectorView(z), trajectory_.departureHalo(sense_));
    kernels.interpolateVector(padded.data(), trajectory_.departure(sense_), unscaled, next);
    std::swap(z, next);
    const std::array<Padded, 3> paths = domain_.padded(trajectory_.departure(sense_), differenceHalo(), &forward_);
    kernels.pushForward(paths.data(), domain_.grid().spacing.data(), z);
    kernels.axpby(j == steps ? h / 2 : h, vt[0], Real(1), z[0], values);
  }
}

void
VectorTransport::integrate(VectorView p, bool accumulate, const VectorView & b)
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t values = 3 * domain_.points();
  const Real        h = Real(trajectory_.step(sense_)), old = accumulate ? Real(1) : Real(0);
  if (!trajectory_.isMoving())
  {
    kernels.axpby(h, p[0], old, b[0], values);
    return;
  }
  const int    steps = trajectory_.steps();
  const Sense  back = Trajectory::opposite(sense_);
  const Buffer turns = domain_.turns(3);
  VectorView   next = turns ? domain_.view(turns) : p;
  kernels.axpby(h / 2, p[0], old, b[0], values);
  for (int j = 1; j <= steps; ++j)
  {
    const std::array<Padded, 3> padded = domain_.padded(ConstVectorView(p), trajectory_.departureHalo(back));
    kernels.interpolateVector(padded.data(), trajectory_.departure(back), unscaled, next);
    std::swap(p, next);
    const std::array<Padded, 3> paths = domain_.padded(trajectory_.departure(back), differenceHalo(), &backward_);
    kernels.pullBackAdjoint(paths.data(), domain_.grid().spacing.data(), p);
    kernels.axpby(j == steps ? h / 2 : h, p[0], Real(1), b[0], values);
  }
}

} // namespace gnr
