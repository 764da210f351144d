// SPDX-License-Identifier: Apache-2.0
#include "registration/DiscreteSearch.h"

#include "parallel/PlaneExchange.h"
#include "parallel/Slab.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gnr
{
namespace
{

using Size = SearchSize;

/** The moving channels at x + s(x) with a border of `radius`, so that a displacement is one offset. */
SearchImage
warpedWithBorder(const SearchImage & moving, const SearchField & start, const Size & radius, int threads)
{
  const Size  inner = moving.size;
  SearchImage result;
  for (int a = 0; a < 3; ++a)
  {
    result.size[a] = inner[a] + 2 * radius[a];
  }
  result.channels.assign(moving.channels.size(), SearchImage::Channel(result.points()));
  forEachPoint(result.size, threads, [&](int x, int y, int z, std::size_t i) {
    const int   at[3] = { x, y, z };
    std::size_t nearest = 0;
    double      point[3];
    for (int a = 2; a >= 0; --a)
    {
      nearest = nearest * inner[a] + std::min(std::max(at[a] - radius[a], 0), inner[a] - 1);
    }
    for (int a = 0; a < 3; ++a)
    {
      point[a] = at[a] - radius[a] + start[a][nearest];
    }
    Sampler sampler(inner);
    sampler.to(point);
    for (std::size_t k = 0; k < moving.channels.size(); ++k)
    {
      result.channels[k][i] = static_cast<std::uint8_t>(sampler(moving.channels[k]) + 0.5F);
    }
  });
  return result;
}

/** All displacements of a window, the shortest first, so that of equal costs the shortest wins. */
std::vector<Size>
window(const Size & radius)
{
  std::vector<Size> all;
  for (int z = -radius[2]; z <= radius[2]; ++z)
  {
    for (int y = -radius[1]; y <= radius[1]; ++y)
    {
      for (int x = -radius[0]; x <= radius[0]; ++x)
      {
        all.push_back({ { x, y, z } });
      }
    }
  }
  const auto squared = [](const Size & d) { return d[0] * d[0] + d[1] * d[1] + d[2] * d[2]; };
  std::stable_sort(all.begin(), all.end(), [&](const Size & a, const Size & b) { return squared(a) < squared(b); });
  return all;
}

constexpr int controlSpacing = 2;

Size
controlSize(const Size & size)
{
  Size result{};
  for (int a = 0; a < 3; ++a)
  {
    result[a] = (size[a] + controlSpacing - 1) / controlSpacing;
  }
  return result;
}

/** Some planes of control points, with the cost of each displacement at each of them. */
class Piece
{
public:
  Piece(const SearchImage &        fixed,
        const SearchImage &        moving,
        const std::vector<float> & weights,
        const std::vector<float> & fixedWeight,
        const SearchRound &        round,
        const std::vector<Size> &  displacements,
        const Slab &               planes)
    : fixed_(fixed)
    , moving_(moving)
    , weights_(weights)
    , fixedWeight_(fixedWeight)
    , round_(round)
    , displacements_(displacements)
    , control_(controlSize(fixed.size))
    , planes_(planes)
    , first_(std::max(0, controlSpacing * planes.begin - round.costPasses))
    , block_{ { fixed.size[0],
                fixed.size[1],
                std::min(fixed.size[2], controlSpacing * (planes.end - 1) + 1 + round.costPasses) - first_ } }
    , cost_(pointsOf(block_))
    , squares_(block_[0])
    , lines_(2 * static_cast<std::size_t>(block_[0]))
    , points_(static_cast<std::size_t>(control_[0]) * control_[1] * planes.size())
    , costs_(points_ * displacements.size())
    , best_(points_)
    , choice_(points_)
  {}

  /** Computes all costs. */
  void
  measure()
  {
    for (std::size_t n = 0; n < displacements_.size(); ++n)
    {
      compare(displacements_[n]);
      smooth(block_, round_.costPasses, cost_, lines_);
      std::uint16_t * out = costs_.data() + n * points_;
      for (int k = planes_.begin; k < planes_.end; ++k)
      {
        for (int j = 0; j < control_[1]; ++j)
        {
          const float * const row =
            cost_.data() +
            (static_cast<std::size_t>(controlSpacing * k - first_) * block_[1] + controlSpacing * j) * block_[0];
          for (int i = 0; i < control_[0]; ++i)
          {
            *out++ = static_cast<std::uint16_t>(std::min(row[controlSpacing * i] * costScale, 65535.0F));
          }
        }
      }
    }
  }

  /** d of all control points. \param target where the coupling would have it. */
  void
  choose(double coupling, const SearchField & target, SearchField & out)
  {
    const std::size_t   offset = static_cast<std::size_t>(control_[0]) * control_[1] * planes_.begin;
    const float         scaled = static_cast<float>(coupling) * costScale;
    const float * const tx = target[0].data() + offset;
    const float * const ty = target[1].data() + offset;
    const float * const tz = target[2].data() + offset;
    float * const       best = best_.data();
    int * const         choice = choice_.data();
    std::fill(best_.begin(), best_.end(), std::numeric_limits<float>::max());
    for (std::size_t n = 0; n < displacements_.size(); ++n)
    {
      const std::uint16_t * const costs = costs_.data() + n * points_;
      const float                 dx = static_cast<float>(displacements_[n][0]);
      const float                 dy = static_cast<float>(displacements_[n][1]);
      const float                 dz = static_cast<float>(displacements_[n][2]);
      const int                   number = static_cast<int>(n);
      const std::ptrdiff_t        points = static_cast<std::ptrdiff_t>(points_);
#pragma omp simd
      for (std::ptrdiff_t i = 0; i < points; ++i)
      {
        const float x = dx - tx[i], y = dy - ty[i], z = dz - tz[i];
        const float value = static_cast<float>(costs[i]) + scaled * (x * x + y * y + z * z);
        choice[i] = value < best[i] ? number : choice[i];
        best[i] = value < best[i] ? value : best[i];
      }
    }
    for (std::size_t i = 0; i < points_; ++i)
    {
      for (int a = 0; a < 3; ++a)
      {
        out[a][offset + i] = static_cast<float>(displacements_[choice_[i]][a]);
      }
    }
  }

private:
  /** Costs above 4 do not tell a displacement from another that is wrong, too. */
  static constexpr float costScale = 16384.0F;
  static constexpr float unit = 1.0F / (mostSearchValue * mostSearchValue);

  /** cost_ = sum over the channels for one displacement. */
  void
  compare(const Size & d)
  {
    const int nx = block_[0];
    for (int k = 0; k < block_[2]; ++k)
    {
      for (int j = 0; j < block_[1]; ++j)
      {
        const std::size_t at = (static_cast<std::size_t>(first_ + k) * block_[1] + j) * nx;
        const std::size_t other = (static_cast<std::size_t>(first_ + k + d[2] + round_.radius[2]) * moving_.size[1] +
                                   j + d[1] + round_.radius[1]) *
                                    moving_.size[0] +
                                  d[0] + round_.radius[0];
        float * const cost = cost_.data() + (static_cast<std::size_t>(k) * block_[1] + j) * nx;
        std::fill_n(cost, nx, 0.0F);
        // Channels of one weight together, at most sixteen, in 16 bits.
        for (std::size_t c = 0; c < weights_.size();)
        {
          const std::size_t first = c;
          std::fill(squares_.begin(), squares_.end(), std::uint16_t(0));
          for (; c < weights_.size() && weights_[c] == weights_[first] && c < first + 16; ++c)
          {
            addSquares(fixed_.channels[c].data() + at, moving_.channels[c].data() + other);
          }
          const float                 weight = unit * weights_[first];
          const std::uint16_t * const squares = squares_.data();
#pragma omp simd
          for (int x = 0; x < nx; ++x)
          {
            cost[x] += weight * static_cast<float>(squares[x]);
          }
        }
        if (!fixedWeight_.empty())
        {
          for (int x = 0; x < nx; ++x)
          {
            cost[x] *= fixedWeight_[at + x];
          }
        }
      }
    }
  }

  void
  addSquares(const std::uint8_t * f, const std::uint8_t * m)
  {
    std::uint16_t * const sum = squares_.data();
    const int             nx = block_[0];
#pragma omp simd
    for (int x = 0; x < nx; ++x)
    {
      const auto difference = static_cast<std::int16_t>(f[x] - m[x]);
      sum[x] = static_cast<std::uint16_t>(sum[x] + static_cast<std::uint16_t>(difference * difference));
    }
  }

  const SearchImage &        fixed_;
  const SearchImage &        moving_; ///< with a border of the window's radius
  const std::vector<float> & weights_;
  const std::vector<float> & fixedWeight_;
  const SearchRound &        round_;
  const std::vector<Size> &  displacements_;
  Size                       control_;
  Slab                       planes_; ///< of control points
  int                        first_;  ///< plane of block_
  Size                       block_;  ///< points that the smoothed costs of the planes depend on
  std::vector<float>         cost_;
  std::vector<std::uint16_t> squares_;
  std::vector<float>         lines_;
  std::size_t                points_;
  std::vector<std::uint16_t> costs_;
  std::vector<float>         best_;
  std::vector<int>           choice_;
};

/** Brings the planes of all processes together. Collective. */
void
gather(const Size & size, Communicator & communicator, SearchField & field)
{
  const std::size_t plane = static_cast<std::size_t>(size[0]) * size[1];
  const Slab        own = slabOf(size[2], communicator.size(), communicator.rank());
  for (std::vector<float> & component : field)
  {
    const std::vector<float> part = component;
    collectPlanes(communicator, size[2], part.data() + plane * own.begin, plane, component.data());
  }
}

} // namespace

void
DiscreteSearch::improve(const SearchRound & round, SearchField & field) const
{
  const Size              size = fixed_.size, control = controlSize(size);
  const SearchImage       moving = warpedWithBorder(moving_, field, round.radius, threads_);
  const std::vector<Size> displacements = window(round.radius);
  SearchField             start = zeroField(control), step = start, target = start;
  forEachPoint(control, 1, [&](int x, int y, int z, std::size_t i) {
    const std::size_t at =
      (static_cast<std::size_t>(controlSpacing * z) * size[1] + controlSpacing * y) * size[0] + controlSpacing * x;
    for (int a = 0; a < 3; ++a)
    {
      start[a][i] = field[a][at];
    }
  });

  // Pieces are a matter of time alone: what a point decides does not depend on them. Their memory is taken before the
  // threads begin, as a failure inside could not be told.
  const Slab         own = slabOf(control[2], communicator_.size(), communicator_.rank());
  const int          pieces = std::min(own.size(), std::max(2 * threads_, own.size() / 4));
  std::vector<Piece> all;
  for (int p = 0; p < pieces; ++p)
  {
    const Slab part = slabOf(own.size(), pieces, p);
    all.emplace_back(fixed_,
                     moving,
                     weights_,
                     fixedWeight_,
                     round,
                     displacements,
                     Slab{ own.begin + part.begin, own.begin + part.end });
  }
#pragma omp parallel for schedule(dynamic) num_threads(threads_)
  for (int p = 0; p < pieces; ++p)
  {
    all[p].measure();
  }
  for (std::size_t c = 0;; ++c)
  {
#pragma omp parallel for schedule(dynamic) num_threads(threads_)
    for (int p = 0; p < pieces; ++p)
    {
      all[p].choose(c == 0 ? 0.0 : round.couplings[c - 1], target, step);
    }
    gather(control, communicator_, step);
    target = start;
    add(1.0F, step, target);
    smooth(control, round.fieldPasses, target);
    if (c == round.couplings.size())
    {
      break;
    }
    add(-1.0F, start, target);
  }
  forEachPoint(size, 1, [&](int x, int y, int z, std::size_t i) {
    const double point[3] = { x / double(controlSpacing), y / double(controlSpacing), z / double(controlSpacing) };
    Sampler      sampler(control);
    sampler.to(point);
    for (int a = 0; a < 3; ++a)
    {
      field[a][i] = sampler(target[a]);
    }
  });
}

std::vector<float>
DiscreteSearch::costs(const SearchField & field) const
{
  constexpr float    unit = 1.0F / (mostSearchValue * mostSearchValue);
  const SearchImage  moving = warpedWithBorder(moving_, field, { { 0, 0, 0 } }, threads_);
  std::vector<float> result(fixed_.points(), 0.0F);
  for (std::size_t c = 0; c < weights_.size(); ++c)
  {
    for (std::size_t i = 0; i < result.size(); ++i)
    {
      const int difference = fixed_.channels[c][i] - moving.channels[c][i];
      result[i] += unit * weights_[c] * static_cast<float>(difference * difference);
    }
  }
  for (std::size_t i = 0; i < fixedWeight_.size(); ++i)
  {
    result[i] *= fixedWeight_[i];
  }
  return result;
}

} // namespace gnr
