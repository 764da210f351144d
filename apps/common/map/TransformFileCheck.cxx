// SPDX-License-Identifier: Apache-2.0
#include "TransformFileCheck.h"

#include "common/cli/CommandLineError.h"
#include "common/io/Hdf5Check.h"
#include "common/io/InputFile.h"
#include "common/io/TextHeader.h"

#include "itkCompositeTransform.h"
#include "itkObjectFactoryBase.h"
#include "itkTransformFactoryBase.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace gnrapp
{
namespace
{

[[noreturn]] void
Refuse(const std::string & path, const std::string & fault)
{
  throw CommandLineError(path + ": is not an ITK transform that can be read: " + fault +
                         ". Write it again, as .tfm, .txt, .mat or .h5 file of ITK, elastix, ANTs or 3D Slicer");
}

/** As in AffineTransform_double_3_3. */
bool
IsTransformName(const std::string & name)
{
  constexpr std::size_t longest = 200;
  const auto            isWord = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  const auto            parts = std::count(name.begin(), name.end(), '_');
  const bool hasScalar = name.find("_double_") != std::string::npos || name.find("_float_") != std::string::npos;
  return name.size() <= longest && std::all_of(name.begin(), name.end(), isWord) &&
         (hasScalar ? parts >= 3 : parts == 0);
}

std::vector<double>
NumbersOf(const std::string & path, const std::string & text, int line)
{
  std::vector<double> numbers;
  std::istringstream  words(text);
  for (std::string word; words >> word;)
  {
    const auto number = FiniteNumber(word);
    if (!number || std::abs(*number) > largestOfTransform)
    {
      Refuse(path,
             "line " + std::to_string(line) + " has '" + word.substr(0, 40) +
               (number ? "', which no transform has" : "' in place of a finite number"));
    }
    numbers.push_back(*number);
  }
  return numbers;
}

/** Transforms on a grid have its size first among the fixed parameters, and numbers for every point of it. */
void
CheckGrid(const std::string & path, const std::string & name, std::size_t parameters, const std::vector<double> & fixed)
{
  const bool isOnGrid = name.rfind("BSplineTransform", 0) == 0 || name.rfind("DisplacementField", 0) == 0;
  if (!isOnGrid)
  {
    return;
  }
  const std::string end = name.substr(name.rfind('_') + 1);
  const std::size_t axes = end == "2" ? 2 : 3;
  double            points = fixed.size() < axes ? -1.0 : 1.0;
  for (std::size_t axis = 0; axis < axes && points > 0; ++axis)
  {
    points = fixed[axis] >= 1 && fixed[axis] == std::floor(fixed[axis]) ? points * fixed[axis] : -1.0;
  }
  if (points * static_cast<double>(axes) != static_cast<double>(parameters))
  {
    Refuse(path, name + " has " + std::to_string(parameters) + " parameters, which do not fit its grid");
  }
}

/** ITK's transforms believe that they are given as many numbers as they have, and read or write beyond the end of
 * fewer. */
void
CheckCount(const std::string & path, const std::string & name, std::size_t parameters)
{
  itk::TransformFactoryBase::RegisterDefaultTransforms();
  const itk::LightObject::Pointer made = itk::ObjectFactoryBase::CreateInstance(name.c_str());
  if (made)
  {
    made->UnRegister(); // CreateInstance() has counted itself, too
  }
  const auto check = [&](const auto * transform) {
    using Category = itk::TransformBaseTemplateEnums::TransformCategory;
    // Those of splines and fields depend on their grid.
    const auto category = transform ? transform->GetTransformCategory() : Category::DisplacementField;
    if ((category == Category::Linear || category == Category::UnknownTransformCategory) &&
        transform->GetNumberOfParameters() != parameters)
    {
      Refuse(path,
             name + " has " + std::to_string(parameters) + " parameters, and " +
               std::to_string(transform->GetNumberOfParameters()) + " are needed");
    }
  };
  check(dynamic_cast<const itk::TransformBaseTemplate<double> *>(made.GetPointer()));
  check(dynamic_cast<const itk::TransformBaseTemplate<float> *>(made.GetPointer()));
}

void
CheckText(const std::string & path)
{
  std::ifstream       stream(path, std::ios::binary);
  std::string         line;
  std::string         name;
  std::vector<double> parameters;
  int                 number = 0;
  while (std::getline(stream, line))
  {
    ++number;
    if (!line.empty() && line.back() == '\r')
    {
      line.pop_back();
    }
    const auto at = line.find(':');
    if (line.empty() || line[0] == '#' || at == std::string::npos)
    {
      const bool isBlank = line.find_first_not_of(" \t") == std::string::npos;
      if (!isBlank && line[0] != '#')
      {
        Refuse(path, "line " + std::to_string(number) + " has no name of a field");
      }
      continue;
    }
    const std::string key = line.substr(0, at);
    const auto        first = line.find_first_not_of(" \t", at + 1);
    std::string       value = first == std::string::npos ? "" : line.substr(first);
    value.erase(value.find_last_not_of(" \t") + 1);
    if (key == "Transform")
    {
      if (!IsTransformName(value))
      {
        Refuse(path, "line " + std::to_string(number) + " has no name of a transform");
      }
      name = value;
      parameters.clear();
    }
    else if (key == "Parameters")
    {
      parameters = NumbersOf(path, value, number);
      CheckCount(path, name, parameters.size());
    }
    else if (key == "FixedParameters")
    {
      CheckGrid(path, name, parameters.size(), NumbersOf(path, value, number));
    }
  }
}

bool
IsUsual(double number)
{
  return std::isfinite(number) && std::abs(number) <= largestOfTransform;
}

/** The numbers of a matrix in a MAT file, behind its header. */
void
CheckMatlabNumbers(const std::string &  path,
                   std::istream &       stream,
                   const std::int32_t * header,
                   std::uint64_t        bytesEach,
                   bool                 isSwapped)
{
  std::string name(static_cast<std::size_t>(header[4]), '\0');
  stream.read(name.data(), header[4]);
  name = name.c_str(); // its end is a zero
  const double count = static_cast<double>(header[1]) * static_cast<double>(header[2]);
  if (IsTransformName(name))
  {
    CheckCount(path, name, static_cast<std::size_t>(count));
  }
  for (double i = 0; i < count; ++i)
  {
    char raw[sizeof(double)] = {};
    stream.read(raw, static_cast<std::streamsize>(bytesEach));
    if (isSwapped)
    {
      std::reverse(raw, raw + bytesEach);
    }
    float  single = 0;
    double number = 0;
    std::memcpy(&single, raw, sizeof single);
    std::memcpy(&number, raw, sizeof number);
    if (!IsUsual(bytesEach == sizeof(float) ? static_cast<double>(single) : number))
    {
      Refuse(path, "it has a number that no transform has");
    }
  }
}

/** MAT files of version 4: matrices one after the other, each behind its type, rows, columns and length of name. */
void
CheckMatlab(const std::string & path)
{
  const std::uint64_t bytes = std::filesystem::file_size(path);
  std::ifstream       stream(path, std::ios::binary);
  for (std::uint64_t position = 0; position < bytes;)
  {
    std::int32_t header[5];
    stream.seekg(static_cast<std::streamoff>(position));
    stream.read(reinterpret_cast<char *>(header), sizeof header);
    const bool isComplete = stream.gcount() == sizeof header;
    const bool isSwapped = isComplete && (header[0] < 0 || header[0] > 4999);
    for (std::int32_t & field : header)
    {
      auto * const raw = reinterpret_cast<char *>(&field);
      isSwapped ? std::reverse(raw, raw + sizeof field) : void();
    }
    constexpr std::int32_t longestName = 200;
    const bool             isMatrix =
      isComplete && header[1] >= 0 && header[2] >= 0 && header[4] > 0 && header[4] <= longestName && header[3] == 0;
    const std::uint64_t each = header[0] / 10 % 10 == 1 ? sizeof(float) : sizeof(double);
    const double        size = sizeof header + static_cast<double>(header[4]) +
                        static_cast<double>(header[1]) * static_cast<double>(header[2]) * static_cast<double>(each);
    if (!isMatrix || size > static_cast<double>(bytes - position))
    {
      Refuse(path, "the matrix at byte " + std::to_string(position) + " is damaged or truncated");
    }
    CheckMatlabNumbers(path, stream, header, each, isSwapped);
    position += static_cast<std::uint64_t>(size);
  }
}

} // namespace

void
CheckTransformNumbers(const std::string & path, const itk::TransformBaseTemplate<double> * transform)
{
  if (const auto * const composite = dynamic_cast<const itk::CompositeTransform<double, 3> *>(transform))
  {
    for (itk::SizeValueType i = 0; i < composite->GetNumberOfTransforms(); ++i) // its own numbers would be copies
    {
      CheckTransformNumbers(path, composite->GetNthTransformConstPointer(i));
    }
    return;
  }
  for (const auto * const numbers : { &transform->GetParameters(), &transform->GetFixedParameters() })
  {
    if (!std::all_of(numbers->begin(), numbers->end(), IsUsual))
    {
      Refuse(path, "it has a number that no transform has");
    }
  }
}

void
CheckTransformFile(const std::string & path)
{
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::string head = ReadFileHead(path, 8);
  const bool        isHdf = head.find("HDF") == 1;
  if (ending == ".h5" || ending == ".hdf" || ending == ".hdf5")
  {
    if (!isHdf)
    {
      Refuse(path, "it has no HDF5 header");
    }
    if (const auto fault = FaultOfHdf5(path))
    {
      Refuse(path, *fault);
    }
  }
  else if (ending == ".mat")
  {
    CheckMatlab(path);
  }
  else
  {
    CheckText(path);
  }
}

} // namespace gnrapp
