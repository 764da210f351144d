// SPDX-License-Identifier: Apache-2.0
#include "model/PointPaths.h"

#include "model/Characteristics.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace gnr
{
namespace
{

constexpr double reach = 1.0; // voxels that a point moves in a step, at most
constexpr int    leastSteps = 2;
// The classical method of fourth order: where its stages are, in steps from the one before, and their weights.
constexpr int    stages = 4;
constexpr double nodes[stages] = { 0.0, 0.5, 0.5, 1.0 };
constexpr double weights[stages] = { 1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6 };

} // namespace

PointPaths::PointPaths(Domain & domain, std::vector<double> starts)
  : domain_(domain)
  , starts_(std::move(starts))
{}

PeriodicSlab
PointPaths::slab() const
{
  return { domain_.extents(), domain_.slab().begin, domain_.grid().size[2] };
}

void
PointPaths::sample(const ConstVectorView &     v,
                   const std::vector<double> & positions,
                   std::vector<double> &       values,
                   Matrix *                    slopes) const
{
  const std::size_t   count = positions.size() / 3;
  const std::size_t   perPoint = slopes == nullptr ? 3 : 12;
  std::vector<double> numbers(perPoint * count);
  double * const      own = numbers.data();
  domain_.kernels().sampleAtPoints(
    v, slab(), positions.data(), own, slopes == nullptr ? nullptr : own + 3 * count, count);
  domain_.communicator().sum(own, numbers.size());
  values.assign(own, own + 3 * count);
  for (std::size_t i = 0; slopes != nullptr && i < count; ++i)
  {
    for (int c = 0; c < 9; ++c)
    {
      slopes[i][c] = own[3 * count + 9 * i + c] * domain_.inverseSpacing()[c % 3];
    }
  }
}

std::vector<double>
PointPaths::trace(const ConstVectorView & v, Samples * samples) const
{
  const std::size_t   n = starts_.size();
  const int           steps = requiredSteps(domain_, v, leastSteps, reach);
  const double        h = 1.0 / steps;
  std::vector<double> x = starts_, stage(n), slope(n, 0.0), change(n), values;
  if (samples != nullptr)
  {
    samples->positions.resize(static_cast<std::size_t>(steps) * stages * n);
    samples->slopes.resize(samples->positions.size() / 3);
  }
  std::size_t begin = 0;
  for (int step = 0; step < steps; ++step)
  {
    std::fill(change.begin(), change.end(), 0.0);
    for (int s = 0; s < stages; ++s, begin += n)
    {
      for (std::size_t i = 0; i < n; ++i)
      {
        const std::size_t a = i % 3;
        const double      at = x[i] + nodes[s] * h * slope[i];
        if (!std::isfinite(at))
        {
          throw Error(ErrorKind::NumericalFailure,
                      "the velocity is not finite any more where landmarks are; increase --beta or --landmark-sigma");
        }
        stage[i] = at * domain_.inverseSpacing()[a] - domain_.origin()[a] * domain_.grid().size[a];
      }
      if (samples != nullptr)
      {
        std::copy(stage.begin(), stage.end(), samples->positions.begin() + static_cast<std::ptrdiff_t>(begin));
      }
      sample(v, stage, values, samples == nullptr ? nullptr : samples->slopes.data() + begin / 3);
      for (std::size_t i = 0; i < n; ++i)
      {
        slope[i] = -values[i];
        change[i] += weights[s] * slope[i];
      }
    }
    for (std::size_t i = 0; i < n; ++i)
    {
      x[i] += h * change[i];
    }
  }
  return x;
}

std::vector<double>
PointPaths::linearize(const ConstVectorView & v)
{
  Samples             path;
  std::vector<double> ends = trace(v, &path);
  // Backwards through the steps: dy/dx after a step, and of each stage dy/dv and dy/dx.
  const std::size_t points = starts_.size() / 3, samples = path.slopes.size();
  const std::size_t steps = points == 0 ? 0 : samples / (points * stages);
  const double      h = 1.0 / static_cast<double>(std::max<std::size_t>(steps, 1));
  sensitivities_.resize(samples);
  for (std::size_t i = 0; i < points; ++i)
  {
    Matrix byEnd{ 1, 0, 0, 0, 1, 0, 0, 0, 1 };
    for (std::size_t step = steps; step-- > 0;)
    {
      Matrix sum = byEnd, byNext{};
      for (int s = stages - 1; s >= 0; --s)
      {
        const std::size_t at = (step * stages + s) * points + i;
        const double      toNext = s + 1 < stages ? nodes[s + 1] * h : 0.0;
        Matrix &          sensitivity = sensitivities_[at];
        for (int c = 0; c < 9; ++c)
        {
          sensitivity[c] = -(weights[s] * h * byEnd[c] + toNext * byNext[c]); // the slope of a path is -v
        }
        const Matrix & g = path.slopes[at];
        for (int row = 0; row < 3; ++row)
        {
          for (int column = 0; column < 3; ++column)
          {
            double product = 0.0;
            for (int k = 0; k < 3; ++k)
            {
              product += sensitivity[3 * row + k] * g[3 * k + column];
            }
            byNext[3 * row + column] = product;
          }
        }
        for (int c = 0; c < 9; ++c)
        {
          sum[c] += byNext[c];
        }
      }
      byEnd = sum;
    }
  }
  positions_ = std::move(path.positions);
  return ends;
}

std::vector<double>
PointPaths::push(const ConstVectorView & w) const
{
  std::vector<double> values, result(starts_.size(), 0.0);
  sample(w, positions_, values, nullptr);
  const std::size_t points = starts_.size() / 3;
  for (std::size_t at = 0; at < sensitivities_.size(); ++at)
  {
    double * const out = result.data() + 3 * (at % points);
    for (int c = 0; c < 9; ++c)
    {
      out[c / 3] += sensitivities_[at][c] * values[3 * at + c % 3];
    }
  }
  return result;
}

void
PointPaths::pull(const std::vector<double> & forces, const VectorView & out) const
{
  std::vector<double> values(positions_.size(), 0.0);
  const std::size_t   points = starts_.size() / 3;
  for (std::size_t at = 0; at < sensitivities_.size(); ++at)
  {
    const double * const force = forces.data() + 3 * (at % points);
    for (int c = 0; c < 9; ++c)
    {
      values[3 * at + c % 3] += sensitivities_[at][c] * force[c / 3];
    }
  }
  domain_.kernels().addAtPoints(positions_.data(), values.data(), sensitivities_.size(), slab(), out);
}

} // namespace gnr
