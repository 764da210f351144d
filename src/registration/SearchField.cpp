// SPDX-License-Identifier: Apache-2.0
#include "registration/SearchField.h"

#include <cmath>
#include <functional>
#include <utility>

namespace gnr
{
namespace
{

/** (1 2 1)/4 along one axis; ends continue. \param lines scratch of two lines along x. */
void
smoothAxis(const SearchSize & size, int axis, std::vector<float> & field, std::vector<float> & lines)
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

} // namespace

SearchField
zeroField(const SearchSize & size)
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
smooth(const SearchSize & size, int passes, std::vector<float> & field, std::vector<float> & lines)
{
  for (int pass = 0; pass < passes; ++pass)
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      smoothAxis(size, axis, field, lines);
    }
  }
}

void
smooth(const SearchSize & size, int passes, SearchField & field)
{
  std::vector<float> lines(2 * static_cast<std::size_t>(size[0]));
  for (std::vector<float> & component : field)
  {
    smooth(size, passes, component, lines);
  }
}

SearchField
exponential(const SearchSize & size, const SearchField & v)
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
    forEachPoint(size, 1, [&](int x, int y, int z, std::size_t i) {
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
logarithm(const SearchSize & size, const SearchField & u)
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
smoothUntil(const SearchSize &            size,
            const std::array<double, 3> & spacing,
            double                        gradient,
            double                        divergence,
            SearchField &                 v)
{
  const auto isSmooth = [&] {
    bool result = true;
    forEachPoint(size, 1, [&](int x, int y, int z, std::size_t i) {
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
            const SearchSize &            from,
            const SearchSize &            to,
            const std::array<double, 3> & shift)
{
  SearchField result = zeroField(to);
  forEachPoint(to, 1, [&](int x, int y, int z, std::size_t i) {
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
