// SPDX-License-Identifier: Apache-2.0
#include "registration/Preprocessing.h"

#include "model/similarity/Labels.h"
#include "parallel/FourierTransform.h"
#include "parallel/Statistics.h"
#include "registration/Densities.h"
#include "registration/Incompressibility.h"
#include "registration/IntensityRange.h"
#include "registration/LabelCodes.h"

#include "gnr/Error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace gnr
{
namespace
{

constexpr double reach = 0.25;      // of what lies far out, beyond one range from the others
constexpr double leastCounted = 64; // voxels: the neighbours that one interpolation needs
constexpr double fewCounted = 1000;
constexpr double leastSteps = 16; // of single precision in the range of intensities
constexpr double fewSteps = 256;

bool
operator==(const Extents & a, const Extents & b)
{
  return a.nx == b.nx && a.ny == b.ny && a.nz == b.nz;
}

std::string
words(double count)
{
  std::ostringstream text;
  text << std::fixed << std::setprecision(0) << count << (count == 1.0 ? " voxel" : " voxels");
  return text.str();
}

/** Refuses images that cannot be registered; returns their statistics. */
Statistics
check(const Buffer &      image,
      const BoxPart &     part,
      const std::string & name,
      Kernels &           kernels,
      Communicator &      communicator)
{
  const Statistics s = statisticsOf(image.data(), part.image(), kernels, communicator);
  if (s.notFinite > 0)
  {
    throw Error(ErrorKind::BadInput,
                name + ": " + std::to_string(s.notFinite) +
                  " voxels are NaN or infinite; replace them by numbers before the registration");
  }
  if (!(s.maximum > s.minimum))
  {
    std::ostringstream message;
    message
      << name << ": every voxel on the grid of the fixed image has the value " << s.minimum
      << "; a constant image cannot be registered, check that the right file was given and that the images overlap";
    throw Error(ErrorKind::BadInput, message.str());
  }
  return s;
}

/** Refuses masks that leave too little to register, and tells of those that leave little. */
void
checkWeights(const Buffer &             fixedWeight,
             const Buffer &             movingWeight,
             const BoxPart &            part,
             Kernels &                  kernels,
             Communicator &             communicator,
             std::vector<std::string> & messages)
{
  constexpr double fewShare = 0.1; // of the image, so that a small image is no reason
  if (!fixedWeight && !movingWeight)
  {
    return;
  }
  const std::size_t n = part.image().points();
  const auto        sum = [&](const Buffer & weight) { return kernels.sum(weight.data(), n); };
  double            sums[2] = { static_cast<double>(n),
                     fixedWeight && movingWeight ? kernels.dot(fixedWeight.data(), movingWeight.data(), n)
                                                            : sum(fixedWeight ? fixedWeight : movingWeight) };
  communicator.sum(sums, 2);
  const double counted = sums[1];
  if (kernels.passes(counted >= std::min(fewCounted, fewShare * sums[0])))
  {
    return;
  }
  std::ostringstream message;
  message << (fixedWeight ? "FixedImageMask" : "MovingImageMask") << ": ";
  if (counted > 0.0)
  {
    message << "only " << words(counted) << (std::round(counted) == 1.0 ? " counts" : " count");
  }
  else
  {
    message << "no voxel counts";
  }
  if (fixedWeight && movingWeight)
  {
    message << " where MovingImageMask counts as well (or where MovingImage lies, if it has no mask)";
  }
  else if (movingWeight)
  {
    message << " on the grid of FixedImage (inside MovingImage, and inside its mask if it has one)";
  }
  if (counted < leastCounted)
  {
    message << "; that is too little for a registration. Check that the masks belong to the images, and that these "
               "overlap, or enlarge the masks";
    throw Error(ErrorKind::BadInput, message.str());
  }
  message << "; what they say of the deformation elsewhere is little";
  messages.push_back(message.str());
}

/** One where the weights of both images are above 1/2, zero elsewhere; empty without weights. */
Buffer
commonInside(const Buffer & fixedWeight, const Buffer & movingWeight, const BoxPart & part, Kernels & kernels)
{
  const Buffer & any = fixedWeight ? fixedWeight : movingWeight;
  if (!any)
  {
    return Buffer();
  }
  constexpr Real    steep = 1 << 20;
  const std::size_t n = part.image().points();
  Buffer            inside(kernels, n);
  kernels.scaleAndShift(Real(1), any.data(), Real(0), inside.data(), n);
  if (fixedWeight && movingWeight)
  {
    kernels.multiply(Real(1), inside.data(), movingWeight.data(), inside.data(), n);
  }
  kernels.scaleAndShift(steep, inside.data(), -steep / 2, inside.data(), n);
  kernels.clamp(Real(0), Real(1), inside.data(), n);
  return inside;
}

/** What the percentiles are taken of. */
struct Sample
{
  Buffer   values; ///< zero outside; empty for all values of the image
  ValueSet set;
};

/** The values inside. No value outside has any influence, not even by rounding. */
Sample
sampleInside(const Buffer &     inside,
             double             count,
             const Buffer &     image,
             const Statistics & s,
             const BoxPart &    part,
             Kernels &          kernels,
             Communicator &     communicator)
{
  const std::size_t n = part.image().points();
  Sample            sample{ Buffer(kernels, n), {} };
  const auto        shifted = [&](double offset) {
    kernels.scaleAndShift(Real(1), image.data(), Real(-offset), sample.values.data(), n);
    kernels.multiply(Real(1), inside.data(), sample.values.data(), sample.values.data(), n);
    return statisticsOf(sample.values.data(), part.image(), kernels, communicator);
  };
  const double top = shifted(0.0).maximum; // not below any value inside
  sample.set.least = top + shifted(top).minimum;
  sample.set.most = sample.set.least + shifted(sample.set.least).maximum;
  kernels.multiply(Real(1), inside.data(), image.data(), sample.values.data(), n);
  sample.set.pieces = { { sample.values.data(), n } };
  sample.set.count = count;
  sample.set.blankZeros = static_cast<double>(s.count) - count;
  return sample;
}

Sample
sampleAll(const Buffer & image, const Statistics & s, const BoxPart & part)
{
  Sample sample;
  // Planes of others, for the padding, may follow.
  sample.set.pieces = { { image.data(), part.image().points() } };
  sample.set.least = s.minimum;
  sample.set.most = s.maximum;
  sample.set.count = static_cast<double>(s.count);
  return sample;
}

struct Samples
{
  Sample fixed;
  Sample moving;
};

/** The voxels that count in both images, so that what lies under a mask, or beyond the other image, says nothing of the
 * rest; all where there are no weights, or only small ones. */
Samples
sampleBoth(const Buffer &     fixed,
           const Buffer &     moving,
           const Statistics & fixedStatistics,
           const Statistics & movingStatistics,
           const PairNames &  names,
           const Buffer &     inside,
           const BoxPart &    part,
           Kernels &          kernels,
           Communicator &     communicator)
{
  double count = inside ? kernels.sum(inside.data(), part.image().points()) : 0.0;
  communicator.sum(&count, 1);
  if (count < leastCounted)
  {
    return { sampleAll(fixed, fixedStatistics, part), sampleAll(moving, movingStatistics, part) };
  }
  Samples    samples{ sampleInside(inside, count, fixed, fixedStatistics, part, kernels, communicator),
                   sampleInside(inside, count, moving, movingStatistics, part, kernels, communicator) };
  const auto checkVaries = [&](const ValueSet & values, const std::string & name) {
    if (!(values.most > values.least))
    {
      std::ostringstream message;
      message << name << ": every voxel that counts (inside the masks and inside both images) has the value "
              << values.least << ", so that there is nothing to register; check the masks, or enlarge them";
      throw Error(ErrorKind::BadInput, message.str());
    }
  };
  checkVaries(samples.fixed.set, names.fixed);
  checkVaries(samples.moving.set, names.moving);
  return samples;
}

/** Tells what single precision leaves of a range far from zero; throws Error(BadInput) where that is next to nothing.
 */
void
checkPrecision(const IntensityRange &     range,
               const std::string &        name,
               Kernels &                  kernels,
               std::vector<std::string> & messages)
{
  const float  largest = static_cast<float>(std::max(std::abs(range.lower), std::abs(range.upper)));
  const double step = std::nextafter(largest, std::numeric_limits<float>::infinity()) - largest;
  const double steps = range.width() / step;
  if (kernels.passes(steps >= fewSteps))
  {
    return;
  }
  std::ostringstream message;
  message << name << ": intensities from " << range.lower << " to " << range.upper
          << " are so far from zero that single precision leaves only " << std::floor(steps)
          << " steps between them; subtract a constant from the image first";
  if (steps < leastSteps)
  {
    throw Error(ErrorKind::BadInput, message.str());
  }
  messages.push_back(message.str());
}

/** Tells of voxels that lie far from the range of the others. */
void
reportOutliers(const IntensityRange &     range,
               const Sample &             sample,
               const std::string &        name,
               bool                       isLimited,
               Kernels &                  kernels,
               Communicator &             communicator,
               std::vector<std::string> & messages)
{
  const IntensityRange ordinary = ordinaryRange(sample.set, range);
  if (kernels.passes(ordinary.lower == sample.set.least && ordinary.upper == sample.set.most))
  {
    return;
  }
  const double outliers = countBeyond(sample.set, range, kernels, communicator);
  if (outliers > 0.0)
  {
    std::ostringstream message;
    message << name << ": " << words(outliers) << (outliers == 1.0 ? " lies" : " lie") << " far outside the range "
            << range.lower << " to " << range.upper << " of the others, which goes from " << sample.set.least << " to "
            << sample.set.most << " with " << (outliers == 1.0 ? "it" : "them") << "; "
            << (isLimited ? "such values were limited. A mask takes the voxels out of the comparison"
                          : "without normalisation they count as they are. Take them out with a mask, or limit them");
    messages.push_back(message.str());
  }
}

std::string
percentage(double share)
{
  std::ostringstream text;
  text << std::setprecision(2) << 100.0 * share << " %";
  return text.str();
}

/** Where one image is padded and the other is not, what was filled in would be taken for anatomy: sets what lies apart
 * from the rest to the end of their range, which is returned, and tells of what cannot be told from anatomy [P1].
 * \param isLimited whether values may be changed */
std::array<IntensityRange, 2>
limitPadding(const std::array<Buffer *, 2> &       images,
             const std::array<const Sample *, 2> & samples,
             const PairNames &                     pair,
             std::array<IntensityRange, 2>         ranges,
             bool                                  isLimited,
             Kernels &                             kernels,
             Communicator &                        communicator,
             std::vector<std::string> &            messages)
{
  const std::array<std::string, 2>      names{ { pair.fixed, pair.moving } };
  constexpr std::array<const char *, 2> masks{ { "a mask of the fixed image", "a mask of the moving image" } };
  const std::array<IntensityRange, 2>   asTheyAre = ranges;
  std::array<std::optional<Padding>, 2> spikes;
  for (int i = 0; i < 2; ++i)
  {
    const ValueSet & values = samples[i]->set;
    const auto       padding = findPadding(values, asTheyAre[i], asTheyAre[1 - i], kernels, communicator);
    if (!padding)
    {
      spikes[i] = findSpike(values, asTheyAre[i], kernels, communicator);
      continue;
    }
    std::ostringstream message;
    message << names[i] << ": " << percentage(padding->share) << " of the voxels hold " << padding->value
            << ", far from the others, and the other image has no such voxels: this looks like padding";
    if (isLimited)
    {
      constexpr Real far = std::numeric_limits<Real>::max();
      ranges[i] = padding->others;
      const bool isBelow = padding->value < ranges[i].lower;
      kernels.clamp(isBelow ? Real(ranges[i].lower) : -far,
                    isBelow ? far : Real(ranges[i].upper),
                    images[i]->data(),
                    images[i]->size());
      message << ", and was set to the nearest value of the others";
    }
    message << "; " << masks[i] << " takes such voxels out of the comparison";
    messages.push_back(message.str());
  }
  for (int i = 0; i < 2; ++i)
  {
    if (spikes[i] && !spikes[1 - i])
    {
      std::ostringstream message;
      message << names[i] << ": " << percentage(spikes[i]->share) << " of the voxels hold the value "
              << spikes[i]->value << " in the midst of the others; if that is padding, " << masks[i]
              << " has to take them out of the comparison";
      messages.push_back(message.str());
    }
  }
  return ranges;
}

/** Maps the robust percentiles to 0 and 1, and limits what lies far out [P0]. */
void
normalize(Buffer & image, const IntensityRange & range, const Statistics & s, Kernels & kernels)
{
  constexpr double farFromZero = 64.0; // ranges, from where on the rounding of the map would show
  const double     scale = 1.0 / range.width();
  double           origin = 0.0;
  if (std::abs(range.lower) > farFromZero * range.width())
  {
    origin = static_cast<float>(range.lower); // the difference of near numbers is exact
    kernels.scaleAndShift(Real(1), image.data(), Real(-origin), image.data(), image.size());
  }
  kernels.scaleAndShift(Real(scale), image.data(), Real(-(range.lower - origin) * scale), image.data(), image.size());
  if (reachesFarOut(s.minimum, s.maximum, range))
  {
    kernels.saturate(Real(-1), Real(2), Real(reach), image.data(), image.size());
  }
}

/** Brings both images to a common scale where `isNormalized`, and tells of what is odd in them. Returns the width of
 * the range of the fixed one. */
double
normalizePair(SolverPair &                      pair,
              const std::array<Statistics, 2> & statistics,
              const PairNames &                 names,
              const Buffer &                    inside,
              bool                              isNormalized,
              const BoxPart &                   part,
              Kernels &                         kernels,
              Communicator &                    communicator,
              std::vector<std::string> &        messages)
{
  const Samples samples =
    sampleBoth(pair.fixed, pair.moving, statistics[0], statistics[1], names, inside, part, kernels, communicator);
  const auto rangeOf = [&](const Sample & sample, const std::string & name) {
    const IntensityRange range = robustRange(sample.set, kernels, communicator);
    checkPrecision(range, name, kernels, messages);
    reportOutliers(range, sample, name, isNormalized, kernels, communicator, messages);
    return range;
  };
  const auto [fixedRange, movingRange] =
    limitPadding({ &pair.fixed, &pair.moving },
                 { &samples.fixed, &samples.moving },
                 names,
                 { rangeOf(samples.fixed, names.fixed), rangeOf(samples.moving, names.moving) },
                 isNormalized,
                 kernels,
                 communicator,
                 messages);
  if (isNormalized)
  {
    normalize(pair.fixed, fixedRange, statistics[0], kernels);
    normalize(pair.moving, movingRange, statistics[1], kernels);
  }
  return fixedRange.width();
}

/** Weights of the user on the image; empty where there are none. */
Buffer
readWeight(const InputImage & image,
           const char *       name,
           const BoxPart &    part,
           Kernels &          kernels,
           Communicator &     communicator)
{
  if (!exists(image.byRank))
  {
    return Buffer();
  }
  Buffer           result = part.upload(part.collect(image), kernels);
  const Statistics s = statisticsOf(result.data(), part.image(), kernels, communicator);
  if (s.notFinite > 0 || s.minimum < 0.0 || s.maximum > 1.0)
  {
    throw Error(ErrorKind::BadInput, std::string(name) + ": weights must lie between 0 and 1");
  }
  if (!(s.maximum > 0.0))
  {
    throw Error(ErrorKind::BadInput, std::string(name) + ": is zero everywhere; nothing would be registered");
  }
  return result;
}

/** Weights on the box: zero in its padding; one on the image where there is none of the user. */
Buffer
padWeight(Buffer && onImage, const BoxPart & part, Kernels & kernels)
{
  if (!onImage)
  {
    onImage = Buffer(kernels, part.image().points());
    kernels.fill(onImage.data(), onImage.size(), Real(1));
  }
  if (part.image() == part.box())
  {
    return std::move(onImage);
  }
  Buffer result(kernels, part.box().points());
  kernels.extendByConstant(onImage.data(), part.image(), part.box(), Real(0), result.data());
  return result;
}

Buffer
extend(Buffer && image, const BoxPart & part, Kernels & kernels)
{
  if (part.image() == part.box())
  {
    return std::move(image);
  }
  Buffer result(kernels, part.box().points());
  part.extendPeriodically(image, kernels, result.data());
  return result;
}

/** The words of an image of labels, on the box. \param codes null: nobody looks at the values of a rehearsal */
Descriptors
wordsOf(const InputImage &                        labels,
        const std::shared_ptr<const LabelCodes> & codes,
        const BoxPart &                           part,
        Kernels &                                 kernels)
{
  const BoxPart::Planes planes = part.collect(labels);
  Descriptors           words;
  for (int channel = 0; channel < labelChannels; ++channel)
  {
    const auto   bit = [&](float label) { return codes->bit(label, channel); };
    const Buffer onBox =
      extend(codes ? part.upload(planes.mapped(bit), kernels) : part.upload(planes, kernels), part, kernels);
    words.emplace_back(kernels, part.box().points());
    kernels.toBytes(onBox.data(), words.back().data(), part.box().points());
  }
  return words;
}

} // namespace

SolverImages
prepareImages(const InputImages & input,
              const SolverBox &   box,
              const Options &     options,
              Kernels &           kernels,
              Communicator &      communicator)
{
  const BoxPart part(input.grid, box.grid, communicator);
  const bool    isNormalized = options.intensityNormalization == IntensityNormalization::Percentiles;
  SolverImages  result;
  std::vector<std::array<Statistics, 2>> statistics;
  result.grid = box.grid;
  const auto hasLabels = [&](std::size_t i) { return options.similarity.of(i).has(SimilarityMeasure::Labels); };
  for (const InputPair & pair : input.pairs)
  {
    const PairNames names(statistics.size());
    if (hasLabels(statistics.size()))
    {
      statistics.emplace_back();
      if (pair.codes)
      {
        const auto & notes = pair.codes->messages();
        result.messages.insert(result.messages.end(), notes.begin(), notes.end());
      }
      result.pairs.push_back(
        { {}, {}, wordsOf(pair.fixed, pair.codes, part, kernels), wordsOf(pair.moving, pair.codes, part, kernels) });
      continue;
    }
    Buffer fixed = part.upload(part.collect(pair.fixed), kernels);
    Buffer moving = part.upload(part.collect(pair.moving), kernels);
    statistics.push_back({ { check(fixed, part, names.fixed, kernels, communicator),
                             check(moving, part, names.moving, kernels, communicator) } });
    result.pairs.push_back({ std::move(fixed), std::move(moving) });
  }
  Buffer fixedWeight = readWeight(input.fixedWeight, "FixedImageMask", part, kernels, communicator);
  Buffer movingWeight = readWeight(input.movingWeight, "MovingImageMask", part, kernels, communicator);
  checkWeights(fixedWeight, movingWeight, part, kernels, communicator, result.messages);
  result.movingVolumeChange = input.movingVolumeChange;
  VolumeWeights volumes =
    readVolumeWeights(input, options, result.pairs.front().moving, statistics.front()[1], part, kernels, communicator);
  if (options.density != Density::None)
  {
    const DensityInput known{ statistics, fixedWeight, movingWeight, input.movingVolumeChange };
    makeDensities(result, known, options, part, kernels, communicator);
  }
  else
  {
    double       widest = 0.0;
    const Buffer inside = commonInside(fixedWeight, movingWeight, part, kernels);
    for (std::size_t i = 0; i < result.pairs.size(); ++i)
    {
      if (hasLabels(i))
      {
        continue;
      }
      const double width = normalizePair(result.pairs[i],
                                         statistics[i],
                                         PairNames(i),
                                         inside,
                                         isNormalized,
                                         part,
                                         kernels,
                                         communicator,
                                         result.messages);
      widest = std::max(widest, width);
    }
    if (!isNormalized && widest > 0.0)
    {
      result.intensityRange = widest;
    }
  }

  // Where anatomy reaches the border the padding holds made-up values, which must not count.
  if (box.padded || fixedWeight)
  {
    result.fixedWeight = padWeight(std::move(fixedWeight), part, kernels);
  }
  if (movingWeight || (box.padded && options.symmetric)) // then neither image may count beyond its border
  {
    result.movingWeight = padWeight(std::move(movingWeight), part, kernels);
  }
  if (volumes.field)
  {
    result.incompressibility = padWeight(std::move(volumes.field), part, kernels);
    result.largestIncompressibility = volumes.largest;
  }
  for (SolverPair & pair : result.pairs)
  {
    if (pair.hasLabels())
    {
      continue;
    }
    pair.fixed = extend(std::move(pair.fixed), part, kernels);
    pair.moving = extend(std::move(pair.moving), part, kernels);
  }
  return result;
}

} // namespace gnr
