// SPDX-License-Identifier: Apache-2.0
#include "registration/IntensityRange.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>

namespace gnr
{
namespace
{

constexpr double lowerPercentile = 0.005;
constexpr double upperPercentile = 0.995;
constexpr int    histogramBins = 4096;
constexpr int    leastBins = 16;       // of the range
constexpr double leastPadding = 0.005; // of the values
constexpr double leastGap = 0.25;      // of the width of the others
constexpr double leastApart = 0.2;     // of the width of the other image
constexpr double blurred = 0.1;        // of the padding: interpolated with its neighbours
constexpr double leastSpike = 0.02;    // of the values
constexpr double spikeRatio = 8.0;     // to the mean of the values near it
constexpr double farOut = 4.0;         // widths of the robust range, which the peaks of smooth images do not reach

/** Values that are left out: all within [lower, upper). */
struct Exclusion
{
  double lower;
  double upper;
  double count;
};

/** Counts in equal classes over a range; what lies outside is in the first or last. */
std::vector<double>
countClasses(const ValueSet &                 values,
             const std::optional<Exclusion> & exclusion,
             const IntensityRange &           range,
             int                              bins,
             Kernels &                        kernels,
             Communicator &                   communicator)
{
  const double               lower = range.lower, upper = lower + range.width();
  std::vector<double>        counts(bins);
  std::vector<std::uint64_t> own(bins);
  for (const ValueSet::Piece & piece : values.pieces)
  {
    kernels.histogram(piece.data, piece.count, lower, upper, own.data(), bins);
    std::transform(own.begin(), own.end(), counts.begin(), counts.begin(), [](std::uint64_t a, double b) {
      return static_cast<double>(a) + b; // exact: far below 2^53
    });
  }
  communicator.sum(counts.data(), counts.size());
  const auto classOf = [&](double value) {
    const double position = (value - lower) * (bins / (upper - lower));
    return static_cast<int>(std::clamp(position, 0.0, bins - 1.0));
  };
  counts[classOf(0.0)] -= values.blankZeros;
  if (exclusion)
  {
    counts[classOf(0.5 * (exclusion->lower + exclusion->upper))] -= exclusion->count;
  }
  return counts;
}

/** How many values lie below a range, in it and above it. */
std::array<double, 3>
countAbout(const ValueSet & values, const IntensityRange & range, Kernels & kernels, Communicator & communicator)
{
  const double              width = range.width();
  const std::vector<double> counts =
    countClasses(values, std::nullopt, { range.lower - width, range.upper + width }, 3, kernels, communicator);
  return { { counts[0], counts[1], counts[2] } };
}

/** Whether all values of a range, `count` of them, are one as far as single precision tells. */
bool
isOneValue(const ValueSet &       values,
           const IntensityRange & range,
           double                 count,
           Kernels &              kernels,
           Communicator &         communicator)
{
  constexpr double smallest = std::numeric_limits<float>::min();
  constexpr double resolution = 2.0 * std::numeric_limits<float>::epsilon();
  if (range.width() <= std::max(smallest, resolution * std::max(std::abs(range.lower), std::abs(range.upper))))
  {
    return true;
  }
  // Nothing is too close to zero to be told from it; but nothing else is so often all that there is.
  return range.lower <= 0.0 && range.upper >= 0.0 &&
         countAbout(values, { -smallest, smallest }, kernels, communicator)[1] == count;
}

struct Percentiles
{
  IntensityRange range;
  bool           isOneValue;
};

/** The classes of the percentiles, closer and closer, until they are leastBins apart or hold but one value. */
Percentiles
findPercentiles(const ValueSet &                 values,
                const std::optional<Exclusion> & exclusion,
                Kernels &                        kernels,
                Communicator &                   communicator)
{
  const double   count = values.count - (exclusion ? exclusion->count : 0.0);
  IntensityRange range{ values.least, values.most };
  while (true)
  {
    const std::vector<double> counts = countClasses(values, exclusion, range, histogramBins, kernels, communicator);
    const auto                classAt = [&](double share) {
      const double wanted = share * count;
      double       below = 0.0;
      int          bin = 0;
      while (bin < histogramBins - 1 && below + counts[bin] < wanted)
      {
        below += counts[bin++];
      }
      return bin;
    };
    const double         width = range.width() / histogramBins;
    const int            first = classAt(lowerPercentile), last = classAt(upperPercentile);
    const IntensityRange found{ range.lower + first * width, range.lower + (last + 1) * width };
    if (kernels.passes(found.width() > leastBins * width))
    {
      return { found, false };
    }
    const double within = std::accumulate(counts.begin() + first, counts.begin() + last + 1, 0.0);
    if (isOneValue(values, found, within, kernels, communicator))
    {
      return { found, true };
    }
    range = { found.lower - width, found.upper + width }; // the borders are rounded
  }
}

IntensityRange
hull(const IntensityRange & a, const IntensityRange & b)
{
  return { std::min(a.lower, b.lower), std::max(a.upper, b.upper) };
}

} // namespace

IntensityRange
robustRange(const ValueSet & values, Kernels & kernels, Communicator & communicator)
{
  const Percentiles all = findPercentiles(values, std::nullopt, kernels, communicator);
  if (!all.isOneValue)
  {
    return all.range;
  }
  const IntensityRange everything{ values.least, values.most };
  const double         ofOne = countAbout(values, all.range, kernels, communicator)[1];
  if (!(ofOne < values.count))
  {
    return everything;
  }
  const Exclusion      one{ all.range.lower, all.range.upper, ofOne };
  const IntensityRange robust = hull(all.range, findPercentiles(values, one, kernels, communicator).range);
  const IntensityRange ordinary = ordinaryRange(values, robust);
  return ordinary.lower == everything.lower && ordinary.upper == everything.upper ? everything : robust;
}

bool
reachesFarOut(double least, double most, const IntensityRange & robust)
{
  const double far = farOut * robust.width();
  return least < robust.lower - far || most > robust.upper + far;
}

IntensityRange
ordinaryRange(const ValueSet & values, const IntensityRange & robust)
{
  if (!reachesFarOut(values.least, values.most, robust))
  {
    return { values.least, values.most };
  }
  return { std::max(values.least, robust.lower - robust.width()),
           std::min(values.most, robust.upper + robust.width()) };
}

std::optional<Padding>
findPadding(const ValueSet &       values,
            const IntensityRange & robust,
            const IntensityRange & other,
            Kernels &              kernels,
            Communicator &         communicator)
{
  std::vector<double>    counts = countClasses(values, std::nullopt, robust, histogramBins, kernels, communicator);
  const double           width = robust.width() / histogramBins;
  std::optional<Padding> found;
  for (const bool atUpperEnd : { false, true })
  {
    if (atUpperEnd)
    {
      std::reverse(counts.begin(), counts.end());
    }
    int    gap = 0; // classes that hold next to nothing
    double near = 0.0;
    while (gap + 2 < histogramBins && near + counts[gap + 1] <= blurred * counts[0])
    {
      near += counts[++gap];
    }
    const double value = atUpperEnd ? std::min(values.most, robust.upper) : std::max(values.least, robust.lower);
    const double apart = atUpperEnd ? value - other.upper : other.lower - value;
    const int    rest = histogramBins - gap - 1;
    if (counts[0] >= leastPadding * values.count && gap >= leastGap * rest && apart >= leastApart * other.width())
    {
      const double edge = width * (gap + 1);
      found = { value,
                counts[0] / values.count,
                atUpperEnd ? IntensityRange{ robust.lower, robust.upper - edge }
                           : IntensityRange{ robust.lower + edge, robust.upper } };
    }
  }
  return kernels.passes(!found) ? std::nullopt : found;
}

std::optional<Padding>
findSpike(const ValueSet & values, const IntensityRange & robust, Kernels & kernels, Communicator & communicator)
{
  constexpr int             near = histogramBins / 20, margin = histogramBins / 5, fewestNear = 8;
  const double              width = robust.width() / histogramBins;
  const std::vector<double> counts = countClasses(values, std::nullopt, robust, histogramBins, kernels, communicator);
  const auto                highest = std::max_element(counts.begin() + margin, counts.end() - margin);
  const int                 at = static_cast<int>(highest - counts.begin());
  int                       filled = 0;
  double                    sum = 0.0;
  for (int i = at - near; i <= at + near; ++i)
  {
    filled += i != at && counts[i] > 0.0 ? 1 : 0; // whole numbers leave classes empty
    sum += i != at ? counts[i] : 0.0;
  }
  const bool isSpike =
    *highest >= leastSpike * values.count && filled >= fewestNear && *highest >= spikeRatio * sum / filled;
  if (kernels.passes(!isSpike))
  {
    return std::nullopt;
  }
  return Padding{ robust.lower + (at + 0.5) * width, *highest / values.count, robust };
}

double
countBeyond(const ValueSet & values, const IntensityRange & robust, Kernels & kernels, Communicator & communicator)
{
  const double                width = robust.width();
  const std::array<double, 3> counts =
    countAbout(values, { robust.lower - width, robust.upper + width }, kernels, communicator);
  return counts[0] + counts[2];
}

} // namespace gnr
