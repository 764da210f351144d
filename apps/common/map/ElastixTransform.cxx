// SPDX-License-Identifier: Apache-2.0
#include "ElastixTransform.h"

#include "common/cli/CommandLineError.h"
#include "common/io/InputFile.h"
#include "common/io/TextHeader.h"
#include "TransformFileCheck.h"

#include "itkAffineTransform.h"
#include "itkBSplineTransform.h"
#include "itkCompositeTransform.h"
#include "itkEuler3DTransform.h"
#include "itkSimilarity3DTransform.h"
#include "itkTranslationTransform.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

namespace gnrapp
{
namespace
{

constexpr std::size_t mostFiles = 16; // in a chain

/** The parameters of one file: lines `(Name value value ...)`, texts in quotes, notes behind `//`. */
class ElastixParameters
{
public:
  explicit ElastixParameters(const std::string & path);

  [[noreturn]] void
  Refuse(const std::string & fault, const std::string & remedy = "Write it again with elastix") const
  {
    throw CommandLineError(m_Path + ": " + fault + ". " + remedy);
  }

  bool
  Has(const std::string & name) const
  {
    return m_Values.count(name) != 0;
  }

  /** One text; `otherwise` where there is no such parameter. */
  std::string
  Text(const std::string & name, const std::string & otherwise) const
  {
    const auto found = m_Values.find(name);
    if (found != m_Values.end() && found->second.size() != 1)
    {
      this->Refuse("its parameter " + name + " has " + std::to_string(found->second.size()) + " values, not one");
    }
    return found == m_Values.end() ? otherwise : found->second.front();
  }

  /** So many finite numbers. */
  std::vector<double>
  Numbers(const std::string & name, std::size_t count) const;

  /** The same; `otherwise` where there is no such parameter. */
  std::vector<double>
  Numbers(const std::string & name, const std::vector<double> & otherwise) const
  {
    return this->Has(name) ? this->Numbers(name, otherwise.size()) : otherwise;
  }

  std::size_t
  Count(const std::string & name) const
  {
    const auto found = m_Values.find(name);
    return found == m_Values.end() ? 0 : found->second.size();
  }

  const std::string &
  Path() const
  {
    return m_Path;
  }

private:
  void
  ReadLine(const std::string & line, std::size_t number);

  std::string                                     m_Path;
  std::map<std::string, std::vector<std::string>> m_Values;
};

ElastixParameters::ElastixParameters(const std::string & path)
  : m_Path(path)
{
  CheckRegularFile(path, "a transform", "Check the path");
  std::ifstream stream(path);
  std::string   line;
  for (std::size_t number = 1; std::getline(stream, line); ++number)
  {
    this->ReadLine(line, number);
  }
}

void
ElastixParameters::ReadLine(const std::string & line, std::size_t number)
{
  std::vector<std::string> words;
  bool                     isOpen = false;
  bool                     isClosed = false;
  for (std::size_t i = 0; i < line.size();)
  {
    const std::size_t end =
      line[i] == '"' ? line.find('"', i + 1) : std::min(line.find_first_of(" \t\r()\"", i + 1), line.size());
    if (line.compare(i, 2, "//") == 0)
    {
      break;
    }
    if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r')
    {
      ++i;
    }
    else if (line[i] == '(' && !isOpen)
    {
      isOpen = true;
      ++i;
    }
    else if (line[i] == ')' && isOpen && !isClosed)
    {
      isClosed = true;
      ++i;
    }
    else if (!isOpen || isClosed || line[i] == '(' || end == std::string::npos)
    {
      this->Refuse("line " + std::to_string(number) + " is no parameter as '(Name value)'");
    }
    else if (line[i] == '"')
    {
      words.push_back(line.substr(i + 1, end - i - 1));
      i = end + 1;
    }
    else
    {
      words.push_back(line.substr(i, end - i));
      i = end;
    }
  }
  if (isOpen != isClosed || (isOpen && words.empty()))
  {
    this->Refuse("line " + std::to_string(number) + " is no parameter as '(Name value)'; the file may be truncated");
  }
  if (isOpen)
  {
    const std::string name = words.front();
    words.erase(words.begin());
    if (!m_Values.emplace(name, words).second)
    {
      this->Refuse("line " + std::to_string(number) + " gives " + name.substr(0, 40) + " a second time");
    }
  }
}

std::vector<double>
ElastixParameters::Numbers(const std::string & name, std::size_t count) const
{
  const auto found = m_Values.find(name);
  if (found == m_Values.end())
  {
    this->Refuse("has no parameter " + name);
  }
  std::vector<double> numbers;
  for (const std::string & word : found->second)
  {
    const auto number = FiniteNumber(word);
    if (!number || std::abs(*number) > largestOfTransform)
    {
      this->Refuse("its parameter " + name + " has '" + word.substr(0, 40) +
                   (number ? "', which no transform has" : "' in place of a finite number"));
    }
    numbers.push_back(*number);
  }
  if (numbers.size() != count)
  {
    this->Refuse("its parameter " + name + " has " + std::to_string(numbers.size()) + " numbers, not " +
                 std::to_string(count));
  }
  return numbers;
}

template <typename TTransform>
typename TTransform::ParametersType
ParametersFor(const TTransform * transform, const ElastixParameters & file)
{
  const std::size_t                   count = transform->GetNumberOfParameters();
  const std::vector<double>           numbers = file.Numbers("TransformParameters", count);
  typename TTransform::ParametersType parameters(count);
  std::copy(numbers.begin(), numbers.end(), parameters.begin());
  return parameters;
}

/** A transform about a centre of rotation. */
template <typename TTransform>
TransformType::Pointer
CentredTransform(const ElastixParameters & file, TTransform * transform)
{
  const std::vector<double>           centre = file.Numbers("CenterOfRotationPoint", 3);
  typename TTransform::InputPointType point;
  std::copy(centre.begin(), centre.end(), point.Begin());
  transform->SetCenter(point);
  transform->SetParameters(ParametersFor(transform, file));
  return transform;
}

bool
IsTrue(const ElastixParameters & file, const std::string & name)
{
  return file.Text(name, "false") == "true";
}

TransformType::Pointer
SplineTransform(const ElastixParameters & file)
{
  using SplineType = itk::BSplineTransform<double, 3, 3>;
  const std::string order = file.Text("BSplineTransformSplineOrder", "3");
  if (order != "3")
  {
    file.Refuse("its B-spline is of order " + order.substr(0, 10), "Run elastix with BSplineTransformSplineOrder 3");
  }
  if (IsTrue(file, "UseCyclicTransform"))
  {
    file.Refuse("its B-spline is cyclic", "Run elastix with UseCyclicTransform false");
  }
  const std::vector<double> size = file.Numbers("GridSize", 3);
  const std::vector<double> spacing = file.Numbers("GridSpacing", 3);
  const std::vector<double> origin = file.Numbers("GridOrigin", 3);
  const std::vector<double> direction = file.Numbers("GridDirection", { 1, 0, 0, 0, 1, 0, 0, 0, 1 });
  if (file.Numbers("GridIndex", { 0, 0, 0 }) != std::vector<double>(3, 0.0))
  {
    file.Refuse("its GridIndex is not 0 0 0");
  }
  constexpr double fewest = 4; // an order of 3 takes four control points along each axis
  double           points = 1;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (!(size[axis] >= fewest && size[axis] == std::floor(size[axis]) && spacing[axis] > 0))
    {
      file.Refuse("its grid has sizes that are no whole numbers from 4 on, or spacings that are not above 0");
    }
    points *= size[axis];
  }
  const std::size_t count = file.Count("TransformParameters");
  if (3 * points != static_cast<double>(count))
  {
    file.Refuse("has " + std::to_string(count) + " TransformParameters, which do not fit its GridSize");
  }
  SplineType::FixedParametersType fixed(18);
  std::copy(size.begin(), size.end(), fixed.begin());
  std::copy(origin.begin(), origin.end(), fixed.begin() + 3);
  std::copy(spacing.begin(), spacing.end(), fixed.begin() + 6);
  itk::Matrix<double, 3, 3> axes;
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      axes(row, column) = direction[3 * column + row]; // elastix writes one axis after the other
      fixed[9 + 3 * row + column] = axes(row, column);
    }
  }
  constexpr double tolerance = 1e-3;
  const auto       product = axes.GetVnlMatrix() * axes.GetTranspose();
  if (!((product - itk::Matrix<double, 3, 3>::GetIdentity().GetVnlMatrix()).absolute_value_max() < tolerance))
  {
    file.Refuse("its GridDirection is no rotation");
  }
  const auto transform = SplineType::New();
  transform->SetFixedParameters(fixed);
  transform->SetParametersByValue(ParametersFor(transform.GetPointer(), file));
  return transform.GetPointer();
}

/** The transform of one file, without those before it. */
TransformType::Pointer
OwnTransform(const ElastixParameters & file)
{
  for (const char * const name : { "FixedImageDimension", "MovingImageDimension" })
  {
    const std::string dimension = file.Text(name, "3");
    if (dimension != "3")
    {
      file.Refuse("is a transform of images of " + dimension.substr(0, 10) + " axes", "Give a transform of 3-D images");
    }
  }
  if (file.Text("UseDirectionCosines", "true") != "true")
  {
    file.Refuse("leaves the directions of the images out", "Run elastix with UseDirectionCosines true");
  }
  if (IsTrue(file, "UseBinaryFormatForTransformationParameters"))
  {
    file.Refuse("has its parameters in another file",
                "Run elastix with UseBinaryFormatForTransformationParameters false");
  }
  const std::string name = file.Text("Transform", "");
  if (name == "TranslationTransform")
  {
    const auto transform = itk::TranslationTransform<double, 3>::New();
    transform->SetParameters(ParametersFor(transform.GetPointer(), file));
    return transform.GetPointer();
  }
  if (name == "EulerTransform")
  {
    const auto transform = itk::Euler3DTransform<double>::New();
    transform->SetComputeZYX(IsTrue(file, "ComputeZYX"));
    return CentredTransform(file, transform.GetPointer());
  }
  if (name == "SimilarityTransform")
  {
    return CentredTransform(file, itk::Similarity3DTransform<double>::New().GetPointer());
  }
  if (name == "AffineTransform")
  {
    return CentredTransform(file, itk::AffineTransform<double, 3>::New().GetPointer());
  }
  if (name == "BSplineTransform" || name == "RecursiveBSplineTransform")
  {
    return SplineTransform(file);
  }
  file.Refuse(name.empty() ? "has no parameter Transform"
                           : "holds a " + name.substr(0, 60) + " of elastix, which is not read",
              "Give a TranslationTransform, EulerTransform, SimilarityTransform, AffineTransform or BSplineTransform, "
              "or the field of transformix -def all as a NIfTI file");
}

/** The file of the transform that is applied before; empty where there is none. A relative name counts from the folder
 * of the file that has it, or if it is not there, from here. */
std::string
InitialFile(const ElastixParameters & file)
{
  const char * const older = "InitialTransformParametersFileName"; // of elastix before 5.1
  const char * const newer = "InitialTransformParameterFileName";
  const std::string  name = file.Text(file.Has(newer) ? newer : older, "NoInitialTransform");
  if (name == "NoInitialTransform")
  {
    return {};
  }
  const auto beside = std::filesystem::path(file.Path()).parent_path() / name; // the name itself if it is absolute
  return IsRegularFile(beside.string()) ? beside.string() : name;
}

} // namespace

bool
IsElastixFile(const std::string & path)
{
  constexpr std::size_t enough = 4096;
  const std::string     head = ReadFileHead(path, enough);
  for (std::size_t i = 0; i < head.size();)
  {
    i = head.find_first_not_of(" \t\r\n", i);
    if (i == std::string::npos || head.compare(i, 2, "//") != 0)
    {
      return i != std::string::npos && head[i] == '(';
    }
    i = std::min(head.find('\n', i), head.size());
  }
  return false;
}

TransformType::Pointer
ReadElastixTransform(const std::string & path)
{
  const auto  composite = itk::CompositeTransform<double, 3>::New(); // the one that was added last is applied first
  std::size_t files = 0;
  for (std::string name = path; !name.empty();)
  {
    const ElastixParameters file(name);
    composite->AddTransform(OwnTransform(file));
    const std::string next = InitialFile(file);
    if (!next.empty() && file.Text("HowToCombineTransforms", "") != "Compose")
    {
      file.Refuse("does not say HowToCombineTransforms \"Compose\", but adds its initial transform",
                  "Run elastix with HowToCombineTransforms Compose");
    }
    if (++files == mostFiles && !next.empty())
    {
      file.Refuse("names an initial transform after " + std::to_string(mostFiles) + " others, or itself",
                  "Correct InitialTransformParametersFileName");
    }
    if (!next.empty() && !IsRegularFile(next))
    {
      file.Refuse("names the initial transform " + next.substr(0, 200) + ", which does not exist",
                  "Copy it there, or correct InitialTransformParametersFileName");
    }
    name = next;
  }
  return composite->GetNumberOfTransforms() == 1 ? composite->GetNthTransform(0).GetPointer()
                                                 : static_cast<TransformType *>(composite.GetPointer());
}

std::vector<std::string>
ElastixFilesOf(const std::string & path)
{
  std::vector<std::string> files{ path };
  try
  {
    while (files.size() < mostFiles && IsRegularFile(files.back()) && IsElastixFile(files.back()))
    {
      const std::string next = InitialFile(ElastixParameters(files.back()));
      if (next.empty())
      {
        break;
      }
      files.push_back(next);
    }
  }
  catch (const CommandLineError &) // told where it is read
  {}
  return files;
}

} // namespace gnrapp
