// SPDX-License-Identifier: Apache-2.0
#include "FlirtTransform.h"

#include "common/cli/CommandLineError.h"
#include "common/io/InputFile.h"
#include "common/io/NiftiInput.h"
#include "common/io/TextHeader.h"
#include "TransformFileCheck.h"

#include "itkAffineTransform.h"
#include "itkMatrix.h"

#include <vnl/vnl_det.h>
#include <vnl/vnl_inverse.h>

#include <array>
#include <cmath>
#include <sstream>

namespace gnrapp
{
namespace
{

using Matrix4Type = itk::Matrix<double, 4, 4>;

Matrix4Type
Inverse(const Matrix4Type & matrix)
{
  return Matrix4Type(vnl_inverse(matrix.GetVnlMatrix()));
}

/** Voxel indices to points of FSL, mm. */
Matrix4Type
FslPlacement(const itk::NiftiFileHeader & header, const std::string & path)
{
  const bool hasQform = header.qformCode > 0;
  const bool hasSform = header.sformCode > 0;
  const bool isQformPositive = hasQform && vnl_determinant(header.qform.matrix.GetVnlMatrix().as_matrix()) > 0;
  const bool isSformPositive = hasSform && vnl_determinant(header.sform.matrix.GetVnlMatrix().as_matrix()) > 0;
  if (hasQform && hasSform && isQformPositive != isSformPositive)
  {
    throw CommandLineError(path +
                           ": its qform and sform disagree about left and right, so that it cannot be told which "
                           "way FSL went. Copy one over the other, and run FLIRT again");
  }
  Matrix4Type matrix;
  matrix.SetIdentity();
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    matrix(axis, axis) = std::abs(header.spacing[axis]) / header.unit; // FSL knows no unit
  }
  if (isQformPositive || isSformPositive)
  {
    matrix(0, 3) = matrix(0, 0) * (static_cast<double>(header.size[0]) - 1);
    matrix(0, 0) = -matrix(0, 0);
  }
  return matrix;
}

/** Voxel indices to points in LPS, mm, as the image is read here. */
Matrix4Type
Placement(const itk::NiftiFileHeader & header)
{
  const itk::NiftiGeometry geometry = itk::GeometryOf(header);
  Matrix4Type              matrix;
  matrix.SetIdentity();
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      matrix(row, column) = geometry.direction(row, column) * geometry.spacing[column];
    }
    matrix(row, 3) = geometry.origin[row];
  }
  return matrix;
}

/** Points of FSL to points in LPS. */
Matrix4Type
FromFsl(const std::string & path)
{
  CheckRegularFile(path, "an image of --fsl-images", "Check the path");
  if (!IsNiftiName(path))
  {
    throw CommandLineError(path + ": is not a NIfTI image, which FLIRT takes. Give the images that FLIRT was given");
  }
  const itk::NiftiFileHeader header = ReadNiftiHeader(path);
  return Placement(header) * Inverse(FslPlacement(header, path));
}

Matrix4Type
ReadMatrix(const std::string & path)
{
  constexpr std::size_t longest = 4096;
  std::istringstream    words(ReadFileHead(path, longest));
  const auto            refuse = [&path](const std::string & fault) {
    throw CommandLineError(path + ": is no matrix of FLIRT: " + fault + ". Give what flirt -omat wrote");
  };
  Matrix4Type  matrix;
  unsigned int count = 0;
  for (std::string word; words >> word; ++count)
  {
    const auto number = FiniteNumber(word);
    if (!number || std::abs(*number) > largestOfTransform)
    {
      refuse("it has '" + word.substr(0, 40) +
             (number ? "', which no transform has" : "' in place of a finite number"));
    }
    if (count < 16)
    {
      matrix(count / 4, count % 4) = *number;
    }
  }
  if (count != 16)
  {
    refuse("it has " + std::to_string(count) + " numbers, not 16");
  }
  if (matrix(3, 0) != 0 || matrix(3, 1) != 0 || matrix(3, 2) != 0 || matrix(3, 3) != 1)
  {
    refuse("its last line is not 0 0 0 1");
  }
  if (!(std::abs(vnl_determinant(matrix.GetVnlMatrix().as_matrix())) > 1e-9))
  {
    refuse("it is singular");
  }
  return matrix;
}

} // namespace

bool
IsFlirtFile(const std::string & path)
{
  constexpr std::size_t enough = 256;
  std::istringstream    words(ReadFileHead(path, enough));
  std::string           word;
  return (words >> word) && FiniteNumber(word);
}

TransformType::Pointer
ReadFlirtTransform(const std::string & path, const FslImages & images)
{
  const Matrix4Type inputToReference = ReadMatrix(path);
  const Matrix4Type map = FromFsl(images.input) * Inverse(inputToReference) * Inverse(FromFsl(images.reference));
  using AffineType = itk::AffineTransform<double, 3>;
  AffineType::MatrixType       matrix;
  AffineType::OutputVectorType offset;
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      matrix(row, column) = map(row, column);
    }
    offset[row] = map(row, 3);
  }
  const auto transform = AffineType::New();
  transform->SetMatrix(matrix);
  transform->SetOffset(offset);
  return transform.GetPointer();
}

} // namespace gnrapp
