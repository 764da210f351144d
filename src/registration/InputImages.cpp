// SPDX-License-Identifier: Apache-2.0
#include "registration/InputImages.h"

#include "gnr/Error.h"

#include <string>

namespace gnr
{
namespace
{

void
shareOne(InputImage & image, const char * name, bool isNeeded, int planes, Communicator & communicator)
{
  if (image.data == nullptr)
  {
    image.planes = Slab{};
  }
  image.byRank = gatherPlanes(communicator, image.planes);
  if (!isNeeded && !exists(image.byRank))
  {
    return;
  }
  for (const Slab & slab : image.byRank)
  {
    if (slab.size() < 0 || slab.begin < 0 || slab.end > planes)
    {
      throw Error(ErrorKind::BadInput,
                  std::string(name) + ": planes " + std::to_string(slab.begin) + " to " + std::to_string(slab.end - 1) +
                    " were set of an image that has " + std::to_string(planes));
    }
  }
  if (!isComplete(image.byRank, planes))
  {
    throw Error(ErrorKind::BadInput,
                std::string(name) + ": the image data is missing; all planes must be set before run(), by one process "
                                    "or by several together");
  }
}

} // namespace

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
