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
#include "itkNiftiFileHeader.h"

#include <cmath>
#include <limits>
#include <sstream>

namespace itk
{
namespace
{

constexpr double farthest = 1e6; // mm; 1 km
constexpr double smallestSpacing = 1e-9;

/** The fields of a header of either version and byte order. */
class Fields
{
public:
  Fields(const char * bytes, bool isFirst, bool swap)
    : m_Bytes(bytes)
    , m_IsFirst(isFirst)
    , m_Swap(swap)
  {}

  /** NIfTI-1 has TFirst at `first`, NIfTI-2 has TSecond at `second`. */
  template <typename TFirst, typename TSecond>
  double
  Get(std::size_t first, std::size_t second, std::size_t number = 0) const
  {
    return m_IsFirst ? static_cast<double>(NiftiNumberAt<TFirst>(m_Bytes + first + sizeof(TFirst) * number, m_Swap))
                     : static_cast<double>(NiftiNumberAt<TSecond>(m_Bytes + second + sizeof(TSecond) * number, m_Swap));
  }
  double
  Real(std::size_t first, std::size_t second, std::size_t number = 0) const
  {
    return this->Get<float, double>(first, second, number);
  }
  std::string
  Text(std::size_t first, std::size_t second, std::size_t length) const
  {
    const std::string text(m_Bytes + (m_IsFirst ? first : second), length);
    return text.substr(0, text.find('\0'));
  }

private:
  const char * m_Bytes;
  bool         m_IsFirst;
  bool         m_Swap;
};

template <typename... TParts>
std::string
Text(const TParts &... parts)
{
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

/** Bytes of a voxel by the datatype; 0 if it is not known. */
std::size_t
BytesOf(int type)
{
  switch (type)
  {
    case 2:
    case 256:
      return 1;
    case 4:
    case 512:
      return 2;
    case 128: // RGB
      return 3;
    case 8:
    case 16:
    case 768:
    case 2304: // RGBA
      return 4;
    case 32: // complex
    case 64:
    case 1024:
    case 1280:
      return 8;
    case 1792: // complex, double precision
      return 16;
    default:
      return 0;
  }
}

/** From RAS in the unit of the file. */
void
TurnToLps(NiftiPlacement & placement, double unit)
{
  for (unsigned int row = 0; row < 3; ++row)
  {
    const double factor = row < 2 ? -unit : unit;
    for (unsigned int column = 0; column < 3; ++column)
    {
      placement.matrix(row, column) *= factor;
    }
    placement.origin[row] *= factor;
  }
}

/** NIfTI-1 standard, method 2. Returns the fault. */
std::string
ReadQform(const Fields & fields, NiftiFileHeader & header)
{
  const double     b = fields.Real(256, 352);
  const double     c = fields.Real(260, 360);
  const double     d = fields.Real(264, 368);
  const double     square = b * b + c * c + d * d;
  constexpr double tolerance = 1e-3; // of the quaternions that programs write in single precision
  if (!(square <= 1.0 + tolerance))
  {
    return Text("gives the qform the quaternion ", b, ", ", c, ", ", d, ", which is no rotation");
  }
  const double a = std::sqrt(std::max(0.0, 1.0 - square));
  const double s = square > 1.0 ? 1.0 / square : 1.0; // of the products of b, c and d
  const double rotation[3][3] = { { 1 - 2 * s * (c * c + d * d), 2 * (s * b * c - a * d), 2 * (s * b * d + a * c) },
                                  { 2 * (s * b * c + a * d), 1 - 2 * s * (b * b + d * d), 2 * (s * c * d - a * b) },
                                  { 2 * (s * b * d - a * c), 2 * (s * c * d + a * b), 1 - 2 * s * (b * b + c * c) } };
  const double handedness = fields.Real(76, 104) < 0 ? -1.0 : 1.0; // qfac; 0 means 1
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      header.qform.matrix(row, column) =
        rotation[row][column] * header.spacing[column] / header.unit * (column == 2 ? handedness : 1.0);
    }
    header.qform.origin[row] = fields.Real(268, 376, row);
  }
  TurnToLps(header.qform, header.unit);
  return {};
}

/** NIfTI-1 standard, method 3. Returns the fault. */
std::string
ReadSform(const Fields & fields, NiftiFileHeader & header)
{
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 4; ++column)
    {
      const double value = fields.Real(280, 400, 4 * row + column);
      if (!(std::abs(value) * header.unit <= farthest))
      {
        return Text("has ", value, " in its sform (row ", row + 1, ", column ", column + 1, ")");
      }
      (column < 3 ? header.sform.matrix(row, column) : header.sform.origin[row]) = value;
    }
  }
  TurnToLps(header.sform, header.unit);
  const auto & m = header.sform.matrix;
  double       product = 1.0;
  for (unsigned int column = 0; column < 3; ++column)
  {
    const double length =
      std::sqrt(m(0, column) * m(0, column) + m(1, column) * m(1, column) + m(2, column) * m(2, column));
    if (!(length >= smallestSpacing))
    {
      return Text("gives axis ", column + 1, " no length in its sform");
    }
    product *= length;
  }
  const double determinant = m(0, 0) * (m(1, 1) * m(2, 2) - m(1, 2) * m(2, 1)) -
                             m(0, 1) * (m(1, 0) * m(2, 2) - m(1, 2) * m(2, 0)) +
                             m(0, 2) * (m(1, 0) * m(2, 1) - m(1, 1) * m(2, 0));
  constexpr double flattest = 1e-3; // of a unit cube
  if (!(std::abs(determinant) >= flattest * product))
  {
    return "has an sform whose axes lie in one plane";
  }
  return {};
}

/** Returns the fault. */
std::string
ReadSize(const Fields & fields, bool isFirst, NiftiFileHeader & header)
{
  const double axes = fields.Get<std::int16_t, std::int64_t>(40, 16);
  if (!(axes >= 1 && axes <= 7))
  {
    return Text("tells of ", axes, " axes");
  }
  header.axes = static_cast<unsigned int>(axes);
  header.size.fill(1);
  header.valueBytes = BytesOf(header.type);
  if (header.valueBytes == 0)
  {
    return Text("gives the voxels the NIfTI datatype ", header.type, ", which is not read here");
  }
  constexpr double most = 9e18; // what an offset in a file can be
  double           bytes = static_cast<double>(header.valueBytes);
  for (unsigned int axis = 0; axis < header.axes; ++axis)
  {
    const double size = fields.Get<std::int16_t, std::int64_t>(40, 16, axis + 1);
    bytes *= size;
    if (!(size >= 1 && bytes <= most))
    {
      return Text("tells of ", size, " voxels along axis ", axis + 1);
    }
    header.size[axis] = static_cast<std::uint64_t>(size);
  }
  // NIfTI's library lets no voxels begin inside of the header.
  const double least = header.isPair ? 0 : isFirst ? 348 : 540;
  const double offset = std::max(least, fields.Get<float, std::int64_t>(108, 168));
  if (!(offset + bytes <= most))
  {
    return Text("lets the voxels begin at byte ", offset);
  }
  header.begin = static_cast<std::uint64_t>(offset);
  header.end = header.begin + static_cast<std::uint64_t>(bytes);
  return {};
}

/** Returns the fault. */
std::string
ReadLengths(const Fields & fields, NiftiFileHeader & header)
{
  const int space = static_cast<int>(fields.Get<unsigned char, std::int32_t>(123, 500)) & 7;
  if (space > 3)
  {
    return Text("gives lengths in the unsettled unit ", space);
  }
  header.unit = space == 1 ? 1e3 : space == 3 ? 1e-3 : 1.0; // metre, micrometre; without a unit mm, as is usual
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (axis >= header.axes)
    {
      header.spacing[axis] = 1.0;
      continue;
    }
    const double pixdim = fields.Real(76, 104, axis + 1);
    header.spacing[axis] = pixdim * header.unit;
    if (!(header.spacing[axis] >= smallestSpacing && header.spacing[axis] <= farthest))
    {
      return Text("gives the voxels the spacing ", pixdim, " along axis ", axis + 1);
    }
  }
  header.qformCode = static_cast<int>(fields.Get<std::int16_t, std::int32_t>(252, 344));
  header.sformCode = static_cast<int>(fields.Get<std::int16_t, std::int32_t>(254, 348));
  if (header.qformCode > 0)
  {
    for (unsigned int row = 0; row < 3; ++row)
    {
      const double offset = fields.Real(268, 376, row);
      if (!(std::abs(offset) * header.unit <= farthest))
      {
        return Text("has ", offset, " as an offset of its qform");
      }
    }
    if (const std::string fault = ReadQform(fields, header); !fault.empty())
    {
      return fault;
    }
  }
  return header.sformCode > 0 ? ReadSform(fields, header) : std::string();
}

std::string
ReadFields(const Fields & fields, bool isFirst, NiftiFileHeader & header)
{
  header.intent = static_cast<int>(fields.Get<std::int16_t, std::int32_t>(68, 504));
  header.intentName = fields.Text(328, 508, 16);
  header.intentParameter = fields.Real(56, 80);
  header.type = static_cast<int>(fields.Get<std::int16_t, std::int16_t>(70, 12));
  if (const std::string fault = ReadSize(fields, isFirst, header); !fault.empty())
  {
    return fault;
  }
  constexpr int floatType = 16;
  constexpr int doubleType = 64;
  header.floatBytes = header.type == floatType ? sizeof(float) : header.type == doubleType ? sizeof(double) : 0;
  // Not a number stands for no scaling, as nibabel and the library of NIfTI have it.
  const auto number = [](double value) { return std::isnan(value) ? 0.0 : value; };
  header.slope = number(fields.Real(112, 176));
  header.slope = std::abs(header.slope) < std::numeric_limits<double>::epsilon() ? 1.0 : header.slope;
  header.intercept = number(fields.Real(116, 184));
  if (!std::isfinite(header.slope) || !std::isfinite(header.intercept))
  {
    return Text("scales the voxels by ", header.slope, " and adds ", header.intercept);
  }
  return ReadLengths(fields, header);
}

} // namespace

std::optional<NiftiFileHeader>
ParseNiftiFileHeader(const std::string & head)
{
  constexpr std::int32_t size1 = 348;
  constexpr std::int32_t size2 = 540;
  if (head.size() < static_cast<std::size_t>(size1))
  {
    return {};
  }
  const char * const h = head.data();
  NiftiFileHeader    header;
  const std::int32_t size = NiftiNumberAt<std::int32_t>(h, false);
  const std::int32_t swapped = NiftiNumberAt<std::int32_t>(h, true);
  header.swap = swapped == size1 || swapped == size2;
  const std::int32_t ordered = header.swap ? swapped : size;
  const bool         isFirst = ordered == size1;
  if (!isFirst && !(ordered == size2 && head.size() >= static_cast<std::size_t>(size2)))
  {
    return {};
  }
  const char * const magic = h + (isFirst ? 344 : 4);
  header.isPair = std::memcmp(magic, isFirst ? "ni1" : "ni2", 3) == 0;
  if (!header.isPair && std::memcmp(magic, isFirst ? "n+1" : "n+2", 3) != 0)
  {
    return {};
  }
  header.intentPlace = isFirst ? 68 : 504;
  header.intentBytes = isFirst ? 2 : 4;
  header.fault = ReadFields(Fields(h, isFirst, header.swap), isFirst, header);
  return header;
}

NiftiGeometry
GeometryOf(const NiftiFileHeader & header)
{
  NiftiGeometry geometry;
  geometry.direction.SetIdentity();
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    geometry.spacing[axis] = header.spacing[axis];
  }
  if (header.qformCode <= 0 && header.sformCode <= 0)
  {
    return geometry;
  }
  const auto & m = header.sform.matrix;
  const auto   dot = [&m](unsigned int i, unsigned int j) {
    return m(0, i) * m(0, j) + m(1, i) * m(1, j) + m(2, i) * m(2, j);
  };
  geometry.isSform = header.qformCode <= 0;
  if (header.qformCode > 0 && header.sformCode > 0)
  {
    constexpr int    scanner = 1;
    constexpr double tolerance = 1e-4;
    const auto       cosine = [&](unsigned int i, unsigned int j) {
      return std::abs(dot(i, j)) / std::sqrt(dot(i, i) * dot(j, j));
    };
    const bool   isOrthogonal = std::max({ cosine(0, 1), cosine(0, 2), cosine(1, 2) }) < tolerance;
    const double smallest = std::min({ header.spacing[0], header.spacing[1], header.spacing[2] });
    const bool   isSame = LargestCornerDistance(header, header.qform, header.sform) < 1e-2 * smallest;
    geometry.isSform = isOrthogonal && (header.sformCode == scanner || isSame);
  }
  const NiftiPlacement & placement = geometry.isSform ? header.sform : header.qform;
  geometry.origin = placement.origin;
  for (unsigned int column = 0; column < 3; ++column)
  {
    double square = 0.0;
    for (unsigned int row = 0; row < 3; ++row)
    {
      square += placement.matrix(row, column) * placement.matrix(row, column);
    }
    const double length = std::sqrt(square);
    for (unsigned int row = 0; row < 3; ++row)
    {
      geometry.direction(row, column) = placement.matrix(row, column) / length;
    }
    constexpr double rounding = 1e-4; // of sforms in single precision: pixdim is the number that was meant
    if (std::abs(length - header.spacing[column]) > rounding * header.spacing[column])
    {
      geometry.spacing[column] = length;
    }
  }
  return geometry;
}

double
LargestCornerDistance(const NiftiFileHeader & header, const NiftiPlacement & a, const NiftiPlacement & b)
{
  double largest = 0.0;
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    Vector<double, 3> index;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      index[axis] = (corner >> axis) & 1u ? static_cast<double>(header.size[axis]) - 1.0 : 0.0;
    }
    largest = std::max(largest, (a.origin + a.matrix * index).EuclideanDistanceTo(b.origin + b.matrix * index));
  }
  return largest;
}

} // namespace itk
