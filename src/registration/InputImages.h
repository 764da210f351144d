// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_InputImages_h
#define gnr_registration_InputImages_h

#include "parallel/BoxPart.h"

#include "gnr/Communicator.h"
#include "gnr/Error.h"
#include "gnr/Grid.h"
#include "gnr/Problem.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace gnr
{

class LabelCodes;

/** The planes of a block; none where it has no data. Throws Error(BadInput) unless its box is planes of the grid. */
template <typename TValue>
Slab
planesIn(const Block<TValue> & block, const Grid & grid, const std::string & name)
{
  const auto & [begin, end] = block.box;
  const Slab planes{ begin[2], end[2] };
  if (block.data == nullptr || planes.size() == 0)
  {
    return {};
  }
  const bool isWhole = begin[0] == 0 && begin[1] == 0 && end[0] == grid.size[0] && end[1] == grid.size[1];
  if (!isWhole || planes.size() < 0 || planes.begin < 0 || planes.end > grid.size[2])
  {
    throw Error(ErrorKind::BadInput,
                name + ": a box from " + std::to_string(begin[0]) + ", " + std::to_string(begin[1]) + ", " +
                  std::to_string(begin[2]) + " to " + std::to_string(end[0]) + ", " + std::to_string(end[1]) + ", " +
                  std::to_string(end[2]) + " is not planes of an image of " + std::to_string(grid.size[0]) + " x " +
                  std::to_string(grid.size[1]) + " x " + std::to_string(grid.size[2]) + " voxels");
  }
  return planes;
}

struct InputPair
{
  InputImage                        fixed;
  InputImage                        moving;
  std::shared_ptr<const LabelCodes> codes{}; ///< where it is of labels that have been looked at
};

/** By which messages call the images of a pair: FixedImage and MovingImage, FixedImage2 and MovingImage2, ... */
struct PairNames
{
  explicit PairNames(std::size_t pair)
    : fixed("FixedImage" + (pair == 0 ? "" : std::to_string(pair + 1)))
    , moving("MovingImage" + (pair == 0 ? "" : std::to_string(pair + 1)))
  {}

  std::string fixed;
  std::string moving;
};

/** What the user handed over, on the image grid. */
struct InputImages
{
  Grid                      grid;
  std::vector<InputPair>    pairs; ///< at least one
  InputImage                fixedWeight;
  InputImage                movingWeight;
  InputImage                incompressibility;
  InputImage                velocity;
  double                    movingVolumeChange = 1.0; ///< as in Problem
  std::vector<LandmarkPair> landmarks{};              ///< of all processes

  /** Tells all processes who has what. Throws Error(BadInput) where an image is missing or has gaps. Collective. */
  void
  share(Communicator & communicator);
  /** Looks at the pairs that are of labels. After share(). Throws Error(BadInput) naming an image. Collective. */
  void
  readLabels(const SimilarityList & similarity, Communicator & communicator);
};

/** Throws Error(BadInput) for a box that is not planes of the grid. */
InputImages
inputsOf(const Problem & problem);

} // namespace gnr

#endif
