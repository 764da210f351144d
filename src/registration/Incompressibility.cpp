// SPDX-License-Identifier: Apache-2.0
#include "registration/Incompressibility.h"

#include "parallel/Statistics.h"
#include "registration/Densities.h"

#include "gnr/Error.h"

#include <sstream>
#include <string>

namespace gnr
{
namespace
{

/** Between two CT numbers the weight rises. */
struct Rise
{
  double from; ///< HU
  double to;
  double height;
};
// Lung and air have no weight: the one breathes, the other is no tissue.
constexpr Rise   toSoftTissue{ -500.0, -100.0, 5.0 };
constexpr Rise   toBone{ 100.0, 300.0, 95.0 };
constexpr double ofBone = toSoftTissue.height + toBone.height;

VolumeWeights
weightsOfCt(const Buffer & ct, Kernels & kernels)
{
  const std::size_t n = ct.size();
  VolumeWeights     result{ Buffer(kernels, n), ofBone };
  const Buffer      t(kernels, n), squared(kernels, n);
  kernels.fill(result.field.data(), n, Real(0));
  for (const Rise & rise : { toSoftTissue, toBone })
  {
    // t^2 (3 - 2t)
    const double width = rise.to - rise.from, height = rise.height / ofBone;
    kernels.scaleAndShift(Real(1.0 / width), ct.data(), Real(-rise.from / width), t.data(), n);
    kernels.clamp(Real(0), Real(1), t.data(), n);
    kernels.multiply(Real(1), t.data(), t.data(), squared.data(), n);
    kernels.scaleAndShift(Real(-2.0 * height), t.data(), Real(3.0 * height), t.data(), n);
    kernels.multiplyAdd(Real(1), squared.data(), t.data(), Real(1), result.field.data(), n);
  }
  return result;
}

VolumeWeights
weightsOfImage(const InputImage & image, const BoxPart & part, Kernels & kernels, Communicator & communicator)
{
  VolumeWeights      result{ part.upload(part.collect(image), kernels) };
  const Statistics   s = statisticsOf(result.field.data(), part.image(), kernels, communicator);
  std::ostringstream message;
  message << "IncompressibilityImage: ";
  if (s.notFinite > 0)
  {
    message << s.notFinite << " voxels are NaN or infinite; replace them by weights, 0 where volumes may change freely";
    throw Error(ErrorKind::BadInput, message.str());
  }
  if (s.minimum < 0.0)
  {
    message << "has values down to " << s.minimum << "; weights are not negative, 0 where volumes may change freely";
    throw Error(ErrorKind::BadInput, message.str());
  }
  if (!kernels.passes(s.maximum > 0.0))
  {
    message << "is zero everywhere, so that no volume would be kept; check that it is the right image, or leave it out";
    throw Error(ErrorKind::BadInput, message.str());
  }
  result.largest = s.maximum;
  kernels.scaleAndShift(Real(1.0 / s.maximum), result.field.data(), Real(0), result.field.data(), result.field.size());
  kernels.clamp(Real(0), Real(1), result.field.data(), result.field.size());
  return result;
}

} // namespace

VolumeWeights
readVolumeWeights(const InputImages & input,
                  const Options &     options,
                  const Buffer &      moving,
                  const Statistics &  statistics,
                  const BoxPart &     part,
                  Kernels &           kernels,
                  Communicator &      communicator)
{
  const bool isOfCt = options.incompressibility == Incompressibility::Ct;
  if (exists(input.incompressibility.byRank))
  {
    if (isOfCt)
    {
      throw Error(ErrorKind::BadInput,
                  "IncompressibilityImage: has weights, and incompressibility ct makes others of the CT numbers; give "
                  "one of the two");
    }
    return weightsOfImage(input.incompressibility, part, kernels, communicator);
  }
  if (!isOfCt)
  {
    return {};
  }
  if (!moving)
  {
    throw Error(
      ErrorKind::BadInput,
      "MovingImage: holds labels, no CT numbers that incompressibility ct could read; make the first pair one "
      "of CTs, or give an image of weights");
  }
  checkCt(statistics, "MovingImage", "give an image of weights in place of incompressibility ct", kernels);
  return weightsOfCt(moving, kernels);
}

} // namespace gnr
