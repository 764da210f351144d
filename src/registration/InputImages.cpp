// SPDX-License-Identifier: Apache-2.0
#include "registration/InputImages.h"

#include "registration/LabelCodes.h"

#include <cstddef>
#include <string>
#include <utility>

namespace gnr
{
namespace
{

void
shareOne(InputImage & image, const std::string & name, bool isNeeded, int planes, Communicator & communicator)
{
  image.byRank = gatherPlanes(communicator, image.planes);
  if (!isNeeded && !exists(image.byRank))
  {
    return;
  }
  if (!isComplete(image.byRank, planes))
  {
    throw Error(ErrorKind::BadInput,
                name + ": the image data is missing; all planes must be there, by one process "
                       "or by several together");
  }
}

} // namespace

InputImages
inputsOf(const Problem & problem)
{
  const auto input = [&](const InputBlock & block, const std::string & name) {
    InputImage image;
    image.data = block.data;
    image.planes = planesIn(block, problem.grid, name);
    return image;
  };
  std::vector<ImagePair> blocks{ { problem.fixed, problem.moving } };
  blocks.insert(blocks.end(), problem.furtherPairs.begin(), problem.furtherPairs.end());
  std::vector<InputPair> pairs;
  for (const ImagePair & pair : blocks)
  {
    const PairNames names(pairs.size());
    pairs.push_back({ input(pair.fixed, names.fixed), input(pair.moving, names.moving) });
  }
  return { problem.grid,
           std::move(pairs),
           input(problem.fixedWeight, "FixedImageMask"),
           input(problem.movingWeight, "MovingImageMask"),
           input(problem.incompressibility, "IncompressibilityImage"),
           input(problem.initialVelocity, "InitialVelocityField"),
           problem.movingVolumeChange };
}

void
InputImages::share(Communicator & communicator)
{
  const int planes = grid.size[2];
  for (std::size_t i = 0; i < pairs.size(); ++i)
  {
    const PairNames names(i);
    shareOne(pairs[i].fixed, names.fixed, true, planes, communicator);
    shareOne(pairs[i].moving, names.moving, true, planes, communicator);
  }
  shareOne(fixedWeight, "FixedImageMask", false, planes, communicator);
  shareOne(movingWeight, "MovingImageMask", false, planes, communicator);
  shareOne(incompressibility, "IncompressibilityImage", false, planes, communicator);
  shareOne(velocity, "InitialVelocityField", false, planes, communicator);
}

void
InputImages::readLabels(const SimilarityList & similarity, Communicator & communicator)
{
  for (std::size_t i = 0; i < pairs.size(); ++i)
  {
    if (similarity.of(i).has(SimilarityMeasure::Labels) && !pairs[i].codes)
    {
      pairs[i].codes = std::make_shared<LabelCodes>(pairs[i], PairNames(i), grid, communicator);
    }
  }
}

} // namespace gnr
