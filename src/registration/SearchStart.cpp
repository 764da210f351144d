// SPDX-License-Identifier: Apache-2.0
#include "registration/SearchStart.h"

#include "model/FlowMap.h"
#include "model/similarity/SelfSimilarity.h"
#include "parallel/PlaneExchange.h"
#include "registration/DetailAgreement.h"
#include "registration/DiscreteSearch.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace gnr
{
namespace
{

// The window, as a share of the box along each axis.
constexpr double reach = 0.2;
// A solve places points between voxels, which the search does not, so that images agree by far better after it: their
// difference is this share of that after the search, or less, unless it has missed something (doc/measurements.md).
constexpr double shareOfSolve = 0.7;
// By how much the objective must be lower: two solves that end in one basin differ by less.
constexpr double leastGainOfAutomatic = 0.02;
// |grad v| and |div v| of what is proposed: from behind the walls of the deformation no step leads down.
constexpr double steepest = 2.0;
constexpr double fastestGrowth = 1.4;
// Of squared differences of intensities where these are alike, against the mean of those of the descriptors: by
// measurement (doc/measurements.md).
constexpr float intensityWeight = 10.0F;
constexpr float descriptorWeight = 1.0F / selfSimilarityChannels;

const SearchRound fineRounds[] = { { { { 3, 3, 3 } }, 2, 2, { 0.0003, 0.001, 0.003, 0.006 } },
                                   { { { 2, 2, 2 } }, 2, 2, { 0.0003, 0.001, 0.003, 0.006 } } };

/** The first round, in a wide window. */
SearchRound
coarseRound(const Grid & grid)
{
  SearchRound round{ {}, 1, 1, { 0.0002, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016 } };
  for (int a = 0; a < 3; ++a)
  {
    round.radius[a] = static_cast<int>(std::lround(reach * grid.size[a]));
  }
  return round;
}

/** A field of a grid, times a factor, on the host of every process. Collective. */
std::vector<float>
onHosts(const Domain & domain, const Real * field, double factor = 1.0)
{
  const Grid &       grid = domain.grid();
  const std::size_t  plane = static_cast<std::size_t>(grid.size[0]) * grid.size[1];
  std::vector<float> part(domain.points()), all(grid.points());
  domain.kernels().toHost(field, factor, part.data(), 1, part.size());
  collectPlanes(domain.communicator(), grid.size[2], part.data(), plane, all.data());
  return all;
}

/** The grids that are searched, over the box of the finest: the finest of the pyramid that has few points and is
 * coarser than the finest of all, so that the search costs little beside a solve, and the next coarser one. */
struct SearchGrids
{
  explicit SearchGrids(const FinestGrid & finest)
    : SearchGrids(finest, detailGrid(finest.domain.grid(), finest.image))
  {}

  CoarserGrid fine;
  CoarserGrid coarse;

private:
  SearchGrids(const FinestGrid & finest, const PyramidGrid & grid)
    : fine(grid, finest.domain)
    , coarse(nextCoarser(finest, grid.grid), finest.domain)
  {}

  static PyramidGrid
  nextCoarser(const FinestGrid & finest, const Grid & grid)
  {
    constexpr int                  mostGrids = 12;
    const std::vector<PyramidGrid> grids = pyramidGrids(finest.domain.grid(), finest.image, mostGrids, false);
    std::size_t                    i = 0;
    while (i + 1 < grids.size() && grids[i + 1].grid.points() < grid.points())
    {
      ++i;
    }
    return grids[i];
  }
};

/** What is compared on both grids. */
struct Compared
{
  SearchImage        fixed;
  SearchImage        moving;
  std::vector<float> weights;
  std::vector<float> fixedWeight;

  DiscreteSearch
  search(const Domain & domain, int threads) const
  {
    return { fixed, moving, weights, fixedWeight, domain.communicator(), threads };
  }
};

class Comparer
{
public:
  Comparer(const Preparation & prepared, SearchGrids & grids)
    : prepared_(prepared)
    , grids_(grids)
    , kernels_(prepared.finest->domain.kernels())
  {
    fine_.fixed.size = fine_.moving.size = grids.fine.domain.grid().size;
    coarse_.fixed.size = coarse_.moving.size = grids.coarse.domain.grid().size;
    for (std::size_t i = 0; i < prepared.images.pairs.size(); ++i)
    {
      add(prepared.images.pairs[i], prepared.measures[i]);
    }
    if (prepared.images.fixedWeight)
    {
      addWeight(grids.fine, fine_);
      addWeight(grids.coarse, coarse_);
    }
  }

  const Compared &
  fine() const
  {
    return fine_;
  }
  const Compared &
  coarse() const
  {
    return coarse_;
  }

private:
  void
  add(const SolverPair & pair, const WeightedMeasures & measures)
  {
    if (pair.hasLabels())
    {
      for (std::size_t k = 0; k < pair.fixedWords.size(); ++k)
      {
        addChannel(onFine(fromBytes(pair.fixedWords[k])), &Compared::fixed);
        addChannel(onFine(fromBytes(pair.movingWords[k])), &Compared::moving);
        addWeightOf(intensityWeight);
      }
      return;
    }
    addImage(pair.fixed, &Compared::fixed);
    addImage(pair.moving, &Compared::moving);
    const bool areAlike = std::none_of(measures.begin(), measures.end(), [](const WeightedMeasure & part) {
      return part.measure->contrasts() == Contrasts::Any;
    });
    addWeightOf(areAlike ? intensityWeight : 0.0F);
    for (int k = 0; k < selfSimilarityChannels; ++k)
    {
      addWeightOf(descriptorWeight);
    }
  }

  void
  addWeightOf(float channel)
  {
    fine_.weights.push_back(channel);
    coarse_.weights.push_back(channel);
  }

  /** The intensities and what describes them. */
  void
  addImage(const Buffer & image, SearchImage Compared::* side)
  {
    const Buffer own = onFine(image);
    addChannel(own, side);
    const Descriptors descriptors = selfSimilarity(grids_.fine.domain, own.data());
    for (const ByteBuffer & descriptor : descriptors)
    {
      addChannel(fromBytes(descriptor), side);
    }
  }

  Buffer
  onFine(const Buffer & field)
  {
    Buffer result = grids_.fine.domain.scalar();
    prepared_.finest->transform.resample(field.data(), grids_.fine.transform, result.data(), 1);
    return result;
  }

  Buffer
  fromBytes(const ByteBuffer & bytes)
  {
    Buffer result(kernels_, bytes.size());
    kernels_.fromBytes(bytes.data(), result.data(), result.size());
    return result;
  }

  /** \param field of the fine grid. */
  void
  addChannel(const Buffer & field, SearchImage Compared::* side)
  {
    (fine_.*side).channels.push_back(bytesOf(field, grids_.fine));
    Buffer coarse = grids_.coarse.domain.scalar();
    grids_.fine.transform.resample(field.data(), grids_.coarse.transform, coarse.data(), 1);
    (coarse_.*side).channels.push_back(bytesOf(coarse, grids_.coarse));
  }

  SearchImage::Channel
  bytesOf(const Buffer & field, const CoarserGrid & grid)
  {
    const std::vector<float> values = onHosts(grid.domain, field.data());
    SearchImage::Channel     channel;
    for (const float value : values)
    {
      // Of 256 steps the upper six bits: 1 becomes mostSearchValue.
      channel.push_back(static_cast<std::uint8_t>((255.0F * std::clamp(value, 0.0F, 1.0F) + 0.5F) / 4.0F));
    }
    return channel;
  }

  void
  addWeight(CoarserGrid & grid, Compared & compared)
  {
    Buffer weight = grid.domain.scalar();
    prepared_.finest->transform.resample(prepared_.images.fixedWeight.data(), grid.transform, weight.data(), 1);
    kernels_.clamp(Real(0), Real(1), weight.data(), weight.size());
    compared.fixedWeight = onHosts(grid.domain, weight.data());
  }

  const Preparation & prepared_;
  SearchGrids &       grids_;
  Kernels &           kernels_;
  Compared            fine_;
  Compared            coarse_;
};

SearchField
onGrid(const SearchField & field, const Domain & from, const Domain & to)
{
  std::array<double, 3> shift{};
  for (int a = 0; a < 3; ++a)
  {
    shift[a] = to.origin()[a] - from.origin()[a];
  }
  return transferred(field, from.grid().size, to.grid().size, shift);
}

/** The displacement field of a velocity of the solver on another grid. Collective. */
SearchField
mapOf(Domain & domain, const Buffer & velocity, const Domain & target)
{
  const Buffer u = domain.vector();
  integrateFlow(domain, domain.view(velocity), false, domain.view(u));
  SearchField field;
  for (int a = 0; a < 3; ++a)
  {
    field[a] = onHosts(domain, domain.view(u)[a], 1.0 / domain.grid().spacing[a]);
  }
  domain.releaseScratch();
  return domain.kernels().hasValues() ? onGrid(field, domain, target) : field;
}

/** The sum of what is compared, at all points. */
double
differenceAt(const DiscreteSearch & search, const SearchField & field)
{
  const std::vector<float> costs = search.costs(field);
  return std::accumulate(costs.begin(), costs.end(), 0.0);
}

/** A velocity in voxels that the solver can begin with, and whose map is nearly that of the field. */
SearchField
velocityOf(const SearchField & field, const Grid & grid)
{
  SearchField v = logarithm(grid.size, field);
  smoothUntil(grid.size, grid.spacing, steepest, fastestGrowth, v);
  return v;
}

/** As one of the solver, in mm. */
void
toVelocity(const SearchField & v, CoarserGrid & grid, FourierTransform & target, Buffer & velocity)
{
  const Domain &    domain = grid.domain;
  const Slab        own = domain.slab();
  const std::size_t plane = static_cast<std::size_t>(domain.grid().size[0]) * domain.grid().size[1];
  const Buffer      coarse = domain.vector();
  for (int a = 0; a < 3; ++a)
  {
    // The map is the flow of minus the velocity.
    domain.kernels().fromHost(v[a].data() + plane * own.begin,
                              1,
                              -domain.grid().spacing[a],
                              coarse.data() + a * domain.points(),
                              domain.points());
  }
  grid.transform.resample(coarse.data(), target, velocity.data(), 3);
}

} // namespace

double
SearchStart::leastGain() const
{
  return options_.start == Start::Search ? 0.0 : leastGainOfAutomatic;
}

void
SearchStart::tell(Progress & progress) const
{
  progress.message(
    "start: the solve that began with what a search found ends lower than the one from zero; it was kept");
}

bool
SearchStart::propose(Pyramid & pyramid, Buffer & velocity) const
{
  Kernels &         kernels = prepared_.finest->domain.kernels();
  SearchGrids       grids(*prepared_.finest);
  const Comparer    compared(prepared_, grids);
  Domain &          coarse = grids.coarse.domain;
  Domain &          fine = grids.fine.domain;
  const SearchField solved = mapOf(pyramid.velocity().domain(), velocity, fine);
  SearchField       field = zeroField(coarse.grid().size);
  bool              isNeeded = options_.start == Start::Search;
  if (kernels.hasValues())
  {
    compared.coarse().search(coarse, threads_).improve(coarseRound(coarse.grid()), field);
    const DiscreteSearch search = compared.fine().search(fine, threads_);
    SearchField          finer = onGrid(field, coarse, fine);
    for (const SearchRound & round : fineRounds)
    {
      search.improve(round, finer);
    }
    isNeeded = isNeeded || differenceAt(search, solved) > shareOfSolve * differenceAt(search, finer);
    field = velocityOf(onGrid(finer, fine, coarse), coarse.grid());
  }
  if (!kernels.passes(isNeeded))
  {
    return false;
  }
  toVelocity(field, grids.coarse, pyramid.velocity(), velocity);
  if (options_.incompressible)
  {
    FourierTransform & transform = pyramid.velocity();
    transform.apply(transform.symbol(Symbol::Kind::Projection), velocity.data(), velocity.data(), 3);
  }
  return true;
}

} // namespace gnr
