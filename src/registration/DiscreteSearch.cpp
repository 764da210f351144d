// SPDX-License-Identifier: Apache-2.0
#include "registration/DiscreteSearch.h"

#include "parallel/Slab.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gnr
{
namespace
{

using Size = std::array<int, 3>;

std::size_t
pointsOf(const Size & size)
{
  return static_cast<std::size_t>(size[0]) * size[1] * size[2];
}

/** (1 2 1)/4 along one axis; ends continue. \param lines scratch of two lines along x. */
void
smoothAxis(const Size & size, int axis, std::vector<float> & field, std::vector<float> & lines)
{
  const std::ptrdiff_t strides[3] = { 1, size[0], static_cast<std::ptrdiff_t>(size[0]) * size[1] };
  const std::ptrdiff_t step = strides[axis];
  const int            n = size[axis];
  // Lines of neighbouring x together, but for those along x.
  const int            width = axis == 0 ? 1 : size[0];
  const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(pointsOf(size)) / (static_cast<std::ptrdiff_t>(n) * width);
  float *              before = lines.data();
  float *              now = before + size[0];
  for (std::ptrdiff_t line = 0; line < count; ++line)
  {
    const std::ptrdiff_t start = axis == 0 ? line * n : axis == 1 ? line * strides[2] : line * size[0];
    float *              p = field.data() + start;
    std::copy_n(p, width, before);
    for (int i = 0; i < n; ++i, p += step)
    {
      const float * const next = i + 1 < n ? p + step : p;
      for (int x = 0; x < width; ++x)
      {
        now[x] = p[x];
        p[x] = 0.25F * before[x] + 0.5F * now[x] + 0.25F * next[x];
      }
      std::swap(before, now);
    }
  }
}

void
smooth(const Size & size, int passes, std::vector<float> & field, std::vector<float> & lines)
{
  for (int pass = 0; pass < passes; ++pass)
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      smoothAxis(size, axis, field, lines);
    }
  }
}

/** Of a field at a point in voxels, which the border continues. */
class Sampler
{
public:
  explicit Sampler(const Size & size)
    : size_(size)
  {}

  void
  to(const double point[3])
  {
    std::ptrdiff_t stride = 1;
    for (int a = 0; a < 3; ++a)
    {
      const double inside = std::min(std::max(point[a], 0.0), size_[a] - 1.0);
      const int    first = std::min(static_cast<int>(inside), std::max(size_[a] - 2, 0));
      share_[a] = static_cast<float>(inside - first);
      step_[a] = size_[a] > 1 ? stride : 0;
      offset_ = a == 0 ? first : offset_ + first * stride;
      stride *= size_[a];
    }
  }
  template <typename T>
  float
  operator()(const std::vector<T> & field) const
  {
    const T *  p = field.data() + offset_;
    const auto along = [&](const T * q) {
      return static_cast<float>(q[0]) + share_[0] * (static_cast<float>(q[step_[0]]) - static_cast<float>(q[0]));
    };
    const auto plane = [&](const T * q) {
      const float low = along(q);
      return low + share_[1] * (along(q + step_[1]) - low);
    };
    const float low = plane(p);
    return low + share_[2] * (plane(p + step_[2]) - low);
  }

private:
  Size           size_;
  std::ptrdiff_t offset_ = 0;
  std::ptrdiff_t step_[3] = { 0, 0, 0 };
  float          share_[3] = { 0, 0, 0 };
};

template <typename Body>
void
forEachPoint(const Size & size, int begin, int end, int threads, const Body & body)
{
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int k = begin; k < end; ++k)
  {
    std::size_t i = static_cast<std::size_t>(k) * size[0] * size[1];
    for (int j = 0; j < size[1]; ++j)
    {
      for (int x = 0; x < size[0]; ++x, ++i)
      {
        body(x, j, k, i);
      }
    }
  }
}

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
  forEachPoint(result.size, 0, result.size[2], threads, [&](int x, int y, int z, std::size_t i) {
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
  for (int rank = 0; rank < communicator.size() && communicator.size() > 1; ++rank)
  {
    const Slab part = slabOf(size[2], communicator.size(), rank);
    for (std::vector<float> & component : field)
    {
      if (part.size() > 0)
      {
        communicator.broadcast(component.data() + plane * part.begin, plane * part.size() * sizeof(float), rank);
      }
    }
  }
}

SearchField
zeros(const Size & size)
{
  SearchField field;
  field.fill(std::vector<float>(pointsOf(size)));
  return field;
}

void
add(float factor, const SearchField & other, SearchField & field)
{
  for (int a = 0; a < 3; ++a)
  {
    for (std::size_t i = 0; i < field[a].size(); ++i)
    {
      field[a][i] += factor * other[a][i];
    }
  }
}

void
smooth(const Size & size, int passes, SearchField & field)
{
  std::vector<float> lines(2 * static_cast<std::size_t>(size[0]));
  for (std::vector<float> & component : field)
  {
    smooth(size, passes, component, lines);
  }
}

} // namespace

void
DiscreteSearch::improve(const SearchRound & round, SearchField & field) const
{
  const Size              size = fixed_.size, control = controlSize(size);
  const SearchImage       moving = warpedWithBorder(moving_, field, round.radius, threads_);
  const std::vector<Size> displacements = window(round.radius);
  SearchField             start = zeros(control), step = start, target = start;
  forEachPoint(control, 0, control[2], 1, [&](int x, int y, int z, std::size_t i) {
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
  forEachPoint(size, 0, size[2], 1, [&](int x, int y, int z, std::size_t i) {
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

SearchField
exponential(const std::array<int, 3> & size, const SearchField & v)
{
  constexpr int squarings = 7;
  SearchField   u = v, next = v;
  for (std::vector<float> & component : u)
  {
    for (float & value : component)
    {
      value = std::ldexp(value, -squarings);
    }
  }
  for (int s = 0; s < squarings; ++s)
  {
    forEachPoint(size, 0, size[2], 1, [&](int x, int y, int z, std::size_t i) {
      Sampler      sampler(size);
      const double point[3] = { x + static_cast<double>(u[0][i]),
                                y + static_cast<double>(u[1][i]),
                                z + static_cast<double>(u[2][i]) };
      sampler.to(point);
      for (int a = 0; a < 3; ++a)
      {
        next[a][i] = u[a][i] + sampler(u[a]);
      }
    });
    std::swap(u, next);
  }
  return u;
}

SearchField
logarithm(const std::array<int, 3> & size, const SearchField & u)
{
  constexpr int iterations = 10;
  SearchField   v = u;
  for (int iteration = 0; iteration < iterations; ++iteration)
  {
    SearchField rest = u;
    add(-1.0F, exponential(size, v), rest);
    smooth(size, 1, rest);
    add(1.0F, rest, v);
  }
  return v;
}

void
smoothUntil(const std::array<int, 3> &    size,
            const std::array<double, 3> & spacing,
            double                        gradient,
            double                        divergence,
            SearchField &                 v)
{
  const auto isSmooth = [&] {
    bool result = true;
    forEachPoint(size, 0, size[2], 1, [&](int x, int y, int z, std::size_t i) {
      const int            at[3] = { x, y, z };
      const std::ptrdiff_t strides[3] = { 1, size[0], static_cast<std::ptrdiff_t>(size[0]) * size[1] };
      double               squared = 0.0, trace = 0.0;
      for (int a = 0; a < 3; ++a)
      {
        const std::ptrdiff_t up = at[a] + 1 < size[a] ? strides[a] : 0, down = at[a] > 0 ? strides[a] : 0;
        const double         steps = (up > 0 ? 1.0 : 0.0) + (down > 0 ? 1.0 : 0.0);
        for (int c = 0; c < 3 && steps > 0.0; ++c)
        {
          const double slope = (v[c][i + up] - v[c][i - down]) * spacing[c] / (steps * spacing[a]);
          squared += slope * slope;
          trace += a == c ? slope : 0.0;
        }
      }
      result = result && squared <= gradient * gradient && std::abs(trace) <= divergence;
    });
    return result;
  };
  // A field of noise is smooth enough after a few passes; a constant one is from the beginning.
  while (!isSmooth())
  {
    smooth(size, 1, v);
  }
}

SearchField
transferred(const SearchField &           field,
            const std::array<int, 3> &    from,
            const std::array<int, 3> &    to,
            const std::array<double, 3> & shift)
{
  SearchField result = zeros(to);
  forEachPoint(to, 0, to[2], 1, [&](int x, int y, int z, std::size_t i) {
    const int at[3] = { x, y, z };
    double    point[3];
    for (int a = 0; a < 3; ++a)
    {
      point[a] = (static_cast<double>(at[a]) / to[a] + shift[a]) * from[a];
    }
    Sampler sampler(from);
    sampler.to(point);
    for (int a = 0; a < 3; ++a)
    {
      result[a][i] = sampler(field[a]) * static_cast<float>(to[a]) / static_cast<float>(from[a]);
    }
  });
  return result;
}

} // namespace gnr
