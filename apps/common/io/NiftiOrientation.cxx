// SPDX-License-Identifier: Apache-2.0
#include "NiftiOrientation.h"

#include "common/cli/Format.h"

#include <algorithm>
#include <cmath>

namespace gnrapp
{

std::string
DescribeOrientationConflict(const itk::NiftiFileHeader & header)
{
  constexpr double         tolerance = 0.1; // voxels
  const auto &             spacing = header.spacing;
  const double             smallest = std::min({ spacing[0], spacing[1], spacing[2] });
  const itk::NiftiGeometry geometry = itk::GeometryOf(header);
  if (header.axes >= 3 && header.qformCode > 0 && header.sformCode > 0)
  {
    const double distance = itk::LargestCornerDistance(header, header.qform, header.sform);
    return distance <= tolerance * smallest ? std::string()
                                            : Format("its header puts the image at two places, up to %.4g mm apart: "
                                                     "the %s is taken here, other programs may "
                                                     "take the %s. Make them agree",
                                                     distance,
                                                     geometry.isSform ? "sform" : "qform",
                                                     geometry.isSform ? "qform" : "sform");
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const double length = static_cast<double>(header.size[axis]) * std::abs(geometry.spacing[axis] - spacing[axis]);
    if (length > tolerance * smallest)
    {
      return Format("its header gives the voxels two lengths along axis %u, %.4g mm by its sform, which is taken here, "
                    "and %.4g mm by pixdim, which other programs may take. Make them agree",
                    axis + 1,
                    geometry.spacing[axis],
                    spacing[axis]);
    }
  }
  return {};
}

} // namespace gnrapp
