// SPDX-License-Identifier: Apache-2.0
#include "registration/Pyramid.h"

#include "parallel/FourierTransform.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <sstream>
#include <utility>

namespace gnr
{
namespace
{
constexpr int coarsestPoints = 16;
constexpr int automaticLevels = 3;
// Of large images more grids, down to this size. A smaller one finds the better basin in some pairs, and leads others
// astray: it is only tried.
constexpr int automaticPoints = 32;
// Of the smallest: an axis with less is halved for the velocity.
constexpr double closeSpacing = 1.5;
// Of the fixed image, from which on half a grid for the velocity costs no accuracy (doc/measurements.md).
constexpr std::size_t manyVoxels = 8'000'000;

PyramidGrid
halved(const Grid & fine, const Grid & finest, const Grid & image)
{
  PyramidGrid result{ fine };
  Grid &      coarse = result.grid;
  for (int a = 0; a < 3; ++a)
  {
    coarse.size[a] = std::min(fine.size[a], fourierSize(std::max(coarsestPoints, (fine.size[a] + 1) / 2)));
    coarse.spacing[a] = finest.length(a) / coarse.size[a];
    // A coarse point in the middle of an odd number of voxels, two about the middle of an even number.
    const double middle = 0.5 * (image.size[a] - 1) * finest.spacing[a];
    const double half = image.size[a] % 2 == 0 ? 0.5 * coarse.spacing[a] : 0.0;
    result.origin[a] = std::fmod(middle + half, coarse.spacing[a]) / finest.length(a);
  }
  return result;
}

/** Whether every axis has the points to be halved. */
bool
isHalved(const Grid & fine)
{
  return *std::min_element(fine.size.begin(), fine.size.end()) >= 2 * coarsestPoints;
}

/** Throws where smoothing wipes out an image. */
void
checkSmoothed(const FinestGrid &  finest,
              double              voxels,
              const Buffer &      image,
              const Buffer &      smoothed,
              const std::string & name)
{
  constexpr double leastContrast = 0.01; // of that of the image
  const auto       contrast = [&](const Buffer & field) {
    const Statistics s = finest.statistics(field);
    return s.maximum - s.minimum;
  };
  const double before = contrast(image), after = contrast(smoothed);
  if (!finest.domain.kernels().passes(after >= leastContrast * before))
  {
    std::ostringstream text;
    text << "smoothing: a Gaussian of " << voxels << " voxels leaves less than " << 100 * leastContrast
         << " % of the contrast of " << name << ", next to nothing to register; smooth less";
    throw Error(ErrorKind::BadInput, text.str());
  }
}

} // namespace

std::vector<PyramidGrid>
pyramidGrids(const Grid & finest, const Grid & image, std::optional<int> levels, bool hasTrial)
{
  std::vector<PyramidGrid> grids{ { finest } };
  while (!levels || static_cast<int>(grids.size()) < *levels)
  {
    PyramidGrid next = halved(grids.front().grid, finest, image);
    if (next.grid.size == grids.front().grid.size)
    {
      break; // nothing left to halve
    }
    const auto & size = next.grid.size;
    const bool   isExtra = !levels && static_cast<int>(grids.size()) >= automaticLevels;
    next.isTrial = isExtra && *std::min_element(size.begin(), size.end()) < automaticPoints;
    if (next.isTrial && !(hasTrial && isHalved(grids.front().grid)))
    {
      break;
    }
    grids.insert(grids.begin(), next);
    if (grids.front().isTrial)
    {
      break;
    }
  }
  return grids;
}

std::vector<PyramidGrid>
pyramidGrids(const Grid & finest, const InputImages & input, const Options & options)
{
  // A velocity that was given is the start. The search has other weights from grid to grid, so that there is nothing to
  // compare.
  const bool hasTrial = !exists(input.velocity.byRank) && options.betaStrategy != BetaStrategy::Search;
  return pyramidGrids(finest, input.grid, options.levels, hasTrial);
}

PyramidGrid
velocityGridOf(const Grid & finest, const Grid & image, VelocityGrid choice)
{
  PyramidGrid result{ finest };
  if (choice == VelocityGrid::Full || (choice == VelocityGrid::Automatic && image.points() < manyVoxels))
  {
    return result;
  }
  const PyramidGrid half = halved(finest, finest, image);
  const double      smallest = *std::min_element(finest.spacing.begin(), finest.spacing.end());
  for (int a = 0; a < 3; ++a)
  {
    if (finest.spacing[a] < closeSpacing * smallest)
    {
      result.grid.size[a] = half.grid.size[a];
      result.grid.spacing[a] = half.grid.spacing[a];
      result.origin[a] = half.origin[a];
    }
  }
  return result;
}

std::unique_ptr<CoarserGrid>
makeVelocityGrid(const Domain & finest, const Grid & image, VelocityGrid choice)
{
  const PyramidGrid grid = velocityGridOf(finest.grid(), image, choice);
  return grid.grid == finest.grid() ? nullptr : std::make_unique<CoarserGrid>(grid, finest);
}

Pyramid::Pyramid(Preparation & prepared, const Options & options, std::vector<PyramidGrid> grids)
  : prepared_(prepared)
  , options_(options)
  , grids_(std::move(grids))
{}

std::vector<double>
Pyramid::shares() const
{
  double total = 0.0;
  for (const PyramidGrid & grid : grids_)
  {
    total += static_cast<double>(grid.grid.points());
  }
  std::vector<double> shares;
  for (const PyramidGrid & grid : grids_)
  {
    shares.push_back(static_cast<double>(grid.grid.points()) / total);
  }
  return shares;
}

void
Pyramid::open(int number)
{
  number_ = number;
  const FinestGrid & finest = *prepared_.finest;
  if (number + 1 < size())
  {
    own_ = std::make_unique<CoarserGrid>(grids_[number], finest.domain);
  }
  else
  {
    half_ = makeVelocityGrid(finest.domain, finest.image, options_.velocityGrid);
  }
}

void
Pyramid::restrictInitial(FourierTransform & transform, Buffer & out) const
{
  FinestGrid & finest = *prepared_.finest;
  if (&transform == &finest.transform)
  {
    finest.domain.kernels().copy(prepared_.initial.data(), out.data(), out.size());
  }
  else
  {
    finest.transform.resample(prepared_.initial.data(), transform, out.data(), 3);
  }
}

void
Pyramid::restrictInitial(Buffer & out)
{
  restrictInitial(velocity(), out);
}

void
Pyramid::enter(int number, Buffer & velocity)
{
  const std::unique_ptr<CoarserGrid> coarser = std::move(own_);
  open(number);
  FourierTransform & target = this->velocity();
  Buffer             start = target.domain().vector();
  if (coarser)
  {
    Kernels & kernels = domain().kernels();
    if (prepared_.initial)
    {
      Buffer coarse = coarser->domain.vector();
      restrictInitial(coarser->transform, coarse);
      kernels.axpby(Real(-1), coarse.data(), Real(1), velocity.data(), velocity.size());
    }
    coarser->transform.resample(velocity.data(), target, start.data(), 3);
    if (prepared_.initial)
    {
      Buffer fine = target.domain().vector();
      restrictInitial(target, fine);
      kernels.axpby(Real(1), fine.data(), Real(1), start.data(), start.size());
    }
  }
  velocity = std::move(start);
}

void
Pyramid::resume(int number, const Buffer & velocity)
{
  if (number < 0 || number >= size())
  {
    throw Error(ErrorKind::BadInput, "saved solve: it is of other images or options; begin the registration anew");
  }
  open(number);
  if (velocity.size() != 3 * this->velocity().domain().points())
  {
    throw Error(ErrorKind::BadInput,
                "saved solve: it is of other images, or of another number of processes; begin the registration anew");
  }
}

Level
Pyramid::level()
{
  return { number_, size() - 1 - number_, domain(), transform(), velocity(), restrictImages() };
}

void
Pyramid::toFinest(Buffer & velocity)
{
  if (half_)
  {
    Buffer fine = prepared_.finest->domain.vector();
    half_->transform.resample(velocity.data(), prepared_.finest->transform, fine.data(), 3);
    velocity = std::move(fine);
  }
}

LevelImages
Pyramid::restrictImages()
{
  FinestGrid & finest = *prepared_.finest;
  Kernels &    kernels = finest.domain.kernels();
  const bool   isFinest = !own_;
  Symbol       gaussian = finest.transform.symbol(Symbol::Kind::Gaussian);
  for (int a = 0; a < 3; ++a)
  {
    gaussian.sigma[a] = options_.smoothing * domain().grid().spacing[a];
  }
  // What the level sees of a field: smoothed if asked for, with the wave numbers that its grid has.
  const auto restricted = [&](const Buffer & field, bool smooth, const std::string & name) {
    if (!field || (isFinest && !smooth))
    {
      return Buffer();
    }
    Buffer source;
    if (smooth)
    {
      source = finest.domain.scalar();
      finest.transform.apply(gaussian, field.data(), source.data(), 1);
      if (isFinest) // coarser grids see less
      {
        checkSmoothed(finest, options_.smoothing, field, source, name);
      }
    }
    if (isFinest)
    {
      return source;
    }
    Buffer result = domain().scalar();
    finest.transform.resample(smooth ? source.data() : field.data(), own_->transform, result.data(), 1);
    return result;
  };
  const auto restrictedWeight = [&](const Buffer & field) {
    Buffer result = restricted(field, false, {});
    if (result)
    {
      kernels.clamp(Real(0), Real(1), result.data(), result.size());
    }
    return result;
  };
  const auto restrictedWords = [&](const Descriptors & words) {
    Descriptors result;
    for (std::size_t k = 0; !isFinest && k < words.size(); ++k)
    {
      Buffer bits = finest.domain.scalar();
      kernels.fromBytes(words[k].data(), bits.data(), bits.size());
      const Buffer coarse = restricted(bits, false, {});
      result.emplace_back(kernels, coarse.size());
      kernels.toBytes(coarse.data(), result.back().data(), coarse.size());
    }
    return result;
  };
  const bool           smooth = options_.smoothing > 0.0;
  const SolverImages & images = prepared_.images;
  LevelImages          result;
  for (const SolverPair & pair : images.pairs)
  {
    const PairNames names(result.pairs.size());
    if (pair.hasLabels())
    {
      result.pairs.push_back({ {}, {}, restrictedWords(pair.fixedWords), restrictedWords(pair.movingWords) });
      continue;
    }
    Buffer fixed = restricted(pair.fixed, smooth, names.fixed);
    result.pairs.push_back({ std::move(fixed), restricted(pair.moving, smooth, names.moving), {}, {}, pair.exponent });
  }
  result.fixedWeight = restrictedWeight(images.fixedWeight);
  result.movingWeight = restrictedWeight(images.movingWeight);
  result.incompressibility = restrictedWeight(images.incompressibility);
  if (!isFinest)
  {
    finest.domain.releaseScratch();
  }
  return result;
}

} // namespace gnr
