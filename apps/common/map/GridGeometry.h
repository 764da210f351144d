// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_GridGeometry_h
#define gnrapp_GridGeometry_h

#include "itkImageBase.h"
#include "itkMatrix.h"
#include "itkPoint.h"
#include "itkVector.h"

#include <array>
#include <cmath>

namespace gnrapp
{

using PointType = itk::Point<double, 3>;
using VectorType = itk::Vector<double, 3>;
using MatrixType = itk::Matrix<double, 3, 3>;

/** Between physical points (LPS, mm) and continuous indices of an image that starts at index 0. */
struct GridGeometry
{
  std::array<long, 3> size{};
  PointType           origin{};
  MatrixType          toPhysical{};
  MatrixType          toIndex{};

  explicit GridGeometry(const itk::ImageBase<3> * image)
  {
    const auto & direction = image->GetDirection();
    for (unsigned int column = 0; column < 3; ++column)
    {
      size[column] = static_cast<long>(image->GetLargestPossibleRegion().GetSize(column));
      for (unsigned int row = 0; row < 3; ++row)
      {
        toPhysical(row, column) = direction(row, column) * image->GetSpacing()[column];
      }
    }
    origin = image->GetOrigin();
    toIndex = MatrixType(toPhysical.GetInverse());
  }

  PointType
  PointOf(const VectorType & index) const
  {
    return origin + toPhysical * index;
  }

  VectorType
  IndexOf(const PointType & point) const
  {
    return toIndex * (point - origin);
  }

  /** Whether a continuous index lies in one of the voxels, each a cell around its centre. */
  bool
  Contains(const VectorType & index) const
  {
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      if (!(index[axis] >= -0.5 && index[axis] < static_cast<double>(size[axis]) - 0.5))
      {
        return false;
      }
    }
    return true;
  }
};

/** The eight voxels around a continuous index, clamped to the image, and their trilinear weights. */
struct TrilinearCorners
{
  std::array<std::size_t, 8>           offset{};
  std::array<double, 8>                weight{};
  std::array<std::array<double, 8>, 3> derivative{}; ///< of the weights, by index

  TrilinearCorners(const GridGeometry & grid, const VectorType & index)
  {
    std::array<std::array<std::size_t, 2>, 3> position{};
    std::array<std::array<double, 2>, 3>      share{};
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const double last = static_cast<double>(grid.size[axis] - 1);
      const double inside = index[axis] < 0 ? 0 : (index[axis] > last ? last : index[axis]);
      const double floor = std::floor(inside);
      position[axis][0] = static_cast<std::size_t>(floor);
      position[axis][1] = floor < last ? position[axis][0] + 1 : position[axis][0];
      share[axis] = { 1 - (inside - floor), inside - floor };
    }
    for (unsigned int corner = 0; corner < 8; ++corner)
    {
      const std::array<unsigned int, 3> side{ corner & 1u, (corner >> 1) & 1u, corner >> 2 };
      offset[corner] =
        position[0][side[0]] + static_cast<std::size_t>(grid.size[0]) *
                                 (position[1][side[1]] + static_cast<std::size_t>(grid.size[1]) * position[2][side[2]]);
      const double wx = share[0][side[0]];
      const double wy = share[1][side[1]];
      const double wz = share[2][side[2]];
      weight[corner] = wx * wy * wz;
      derivative[0][corner] = (side[0] ? 1.0 : -1.0) * wy * wz;
      derivative[1][corner] = (side[1] ? 1.0 : -1.0) * wx * wz;
      derivative[2][corner] = (side[2] ? 1.0 : -1.0) * wx * wy;
    }
  }
};

} // namespace gnrapp

#endif
