// SPDX-License-Identifier: Apache-2.0
#include "registration/InputImages.h"

#include <string>

namespace gnr
{
namespace
{

void
shareOne(InputImage & image, const char * name, bool isNeeded, int planes, Communicator & communicator)
{
  image.byRank = gatherPlanes(communicator, image.planes);
  if (!isNeeded && !exists(image.byRank))
  {
    return;
  }
  if (!isComplete(image.byRank, planes))
  {
    throw Error(ErrorKind::BadInput,
                std::string(name) + ": the image data is missing; all planes must be there, by one process "
                                    "or by several together");
  }
}

} // namespace

InputImages
inputsOf(const Problem & problem)
{
  const auto input = [&](const InputBlock & block, const char * name) {
    InputImage image;
    image.data = block.data;
    image.planes = planesIn(block, problem.grid, name);
    return image;
  };
  return { problem.grid,
           input(problem.fixed, "FixedImage"),
           input(problem.moving, "MovingImage"),
           input(problem.fixedWeight, "FixedImageMask"),
           input(problem.movingWeight, "MovingImageMask"),
           input(problem.initialVelocity, "InitialVelocityField") };
}

void
InputImages::share(Communicator & communicator)
{
  const int planes = grid.size[2];
  shareOne(fixed, "FixedImage", true, planes, communicator);
  shareOne(moving, "MovingImage", true, planes, communicator);
  shareOne(fixedWeight, "FixedImageMask", false, planes, communicator);
  shareOne(movingWeight, "MovingImageMask", false, planes, communicator);
  shareOne(velocity, "InitialVelocityField", false, planes, communicator);
}

} // namespace gnr
