/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#include "NiftiOrientation.h"

#include "Format.h"

#include "itkMatrix.h"
#include "itkMetaDataObject.h"
#include "itkPoint.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <vector>

namespace gnrapp
{
namespace
{

using Corners = std::array<itk::Point<double, 3>, 8>;

/** The numbers that ITK keeps of the header under a name; none if there are none. */
std::vector<double>
Numbers(const itk::MetaDataDictionary & header, const std::string & name)
{
  std::string         text;
  std::vector<double> values;
  if (itk::ExposeMetaData<std::string>(header, name, text))
  {
    std::istringstream stream(text);
    for (double value = 0; stream >> value;)
    {
      values.push_back(value);
    }
  }
  return values;
}

double
Number(const itk::MetaDataDictionary & header, const std::string & name)
{
  const auto values = Numbers(header, name);
  return values.empty() ? 0.0 : values.front();
}

Corners
CornersOf(const itk::ImageIOBase & io, const itk::Matrix<double, 3, 3> & toSpace, const itk::Point<double, 3> & origin)
{
  Corners corners;
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    itk::Vector<double, 3> index;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      index[axis] = (corner >> axis) & 1u ? static_cast<double>(io.GetDimensions(axis)) - 1.0 : 0.0;
    }
    corners[corner] = origin + toSpace * index;
  }
  return corners;
}

double
LargestDistance(const Corners & a, const Corners & b)
{
  double largest = 0.0;
  for (std::size_t corner = 0; corner < a.size(); ++corner)
  {
    largest = std::max(largest, a[corner].EuclideanDistanceTo(b[corner]));
  }
  return largest;
}

/** RAS, as in the file; NIfTI-1 standard, method 2. */
Corners
CornersOfQform(const itk::ImageIOBase & io, const itk::MetaDataDictionary & header)
{
  const double b = Number(header, "quatern_b");
  const double c = Number(header, "quatern_c");
  const double d = Number(header, "quatern_d");
  const double a = std::sqrt(std::max(0.0, 1.0 - b * b - c * c - d * d));
  const double rotation[3][3] = { { a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c) },
                                  { 2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b) },
                                  { 2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b } };
  const std::array<double, 3> spacing{ Number(header, "pixdim[1]"),
                                       Number(header, "pixdim[2]"),
                                       Number(header, "pixdim[3]") * (Number(header, "pixdim[0]") < 0 ? -1.0 : 1.0) };
  const char * const          offsets[3] = { "qoffset_x", "qoffset_y", "qoffset_z" };
  itk::Matrix<double, 3, 3>   toSpace;
  itk::Point<double, 3>       origin;
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      toSpace(row, column) = rotation[row][column] * spacing[column];
    }
    origin[row] = Number(header, offsets[row]);
  }
  return CornersOf(io, toSpace, origin);
}

/** RAS, as in the file; NIfTI-1 standard, method 3. */
Corners
CornersOfSform(const itk::ImageIOBase & io, const itk::MetaDataDictionary & header)
{
  const char * const        names[3] = { "srow_x", "srow_y", "srow_z" };
  itk::Matrix<double, 3, 3> toSpace;
  itk::Point<double, 3>     origin(0.0);
  for (unsigned int row = 0; row < 3; ++row)
  {
    const auto values = Numbers(header, names[row]);
    for (unsigned int column = 0; column < 3 && values.size() == 4; ++column)
    {
      toSpace(row, column) = values[column];
      origin[row] = values[3];
    }
  }
  return CornersOf(io, toSpace, origin);
}

/** What ITK made of the header, in RAS. */
Corners
CornersOfItk(const itk::ImageIOBase & io)
{
  itk::Matrix<double, 3, 3> toSpace;
  itk::Point<double, 3>     origin;
  for (unsigned int row = 0; row < 3; ++row)
  {
    const double sign = row < 2 ? -1.0 : 1.0;
    for (unsigned int column = 0; column < 3; ++column)
    {
      toSpace(row, column) = sign * io.GetDirection(column)[row] * io.GetSpacing(column);
    }
    origin[row] = sign * io.GetOrigin(row);
  }
  return CornersOf(io, toSpace, origin);
}

} // namespace

std::string
DescribeOrientationConflict(const itk::ImageIOBase & io)
{
  constexpr double                tolerance = 0.1; // voxels
  const itk::MetaDataDictionary & header = io.GetMetaDataDictionary();
  if (io.GetNumberOfDimensions() < 3 || Number(header, "qform_code") <= 0 || Number(header, "sform_code") <= 0)
  {
    return {};
  }
  const Corners qform = CornersOfQform(io, header);
  const Corners sform = CornersOfSform(io, header);
  const double  distance = LargestDistance(qform, sform);
  if (!(distance > tolerance * std::min({ io.GetSpacing(0), io.GetSpacing(1), io.GetSpacing(2) })))
  {
    return {};
  }
  const Corners taken = CornersOfItk(io);
  const bool    isQform = LargestDistance(taken, qform) <= LargestDistance(taken, sform);
  return Format(
    "its header puts the image at two places, up to %.4g mm apart: the %s is taken here, other programs may "
    "take the %s. Make them agree",
    distance,
    isQform ? "qform" : "sform",
    isQform ? "sform" : "qform");
}

} // namespace gnrapp
