// SPDX-License-Identifier: Apache-2.0
#include "view/PlaneSlices.h"

#include <vtkAbstractImageInterpolator.h>
#include <vtkCellArray.h>
#include <vtkFloatArray.h>
#include <vtkIdList.h>
#include <vtkImageData.h>
#include <vtkImageInterpolator.h>
#include <vtkImageResize.h>
#include <vtkImageSincInterpolator.h>
#include <vtkMarchingSquares.h>
#include <vtkNew.h>
#include <vtkPointData.h>
#include <vtkPolyData.h>

#include <algorithm>
#include <cmath>

namespace gnrapp
{
namespace
{

/** A view of the slice for VTK, without a copy. */
vtkSmartPointer<vtkImageData>
ToVtk(const Slice & slice)
{
  const auto            image = vtkSmartPointer<vtkImageData>::New();
  vtkNew<vtkFloatArray> array;
  array->SetArray(const_cast<float *>(slice.values.data()), static_cast<vtkIdType>(slice.values.size()), 1);
  image->SetDimensions(slice.width, slice.height, 1);
  image->GetPointData()->SetScalars(array);
  return image;
}

} // namespace

PlaneSlices::PlaneSlices(const RegistrationResult & result,
                         const VoxelRegion &        region,
                         const PlaneView &          plane,
                         const VoxelIndex &         point)
{
  const GridGeometry & grid = result.Grid();
  const int            width = static_cast<int>(plane.Columns(region));
  const int            height = static_cast<int>(plane.Rows(region));
  for (Slice * slice : { &fixed, &moving, &warped, &determinant, &across, &down })
  {
    *slice = { width, height, std::vector<float>(static_cast<std::size_t>(width) * height) };
  }
  for (int row = 0; row < height; ++row)
  {
    for (int column = 0; column < width; ++column)
    {
      const VoxelIndex index = plane.IndexAt(region, point, column, row);
      const double     value = result.fixed->GetBufferPointer()[result.OffsetOf(index)];
      fixed.At(column, row) = static_cast<float>(result.fixedRange.Normalize(value));
      moving.At(column, row) = static_cast<float>(result.movingRange.Normalize(result.MovingAt(index, true)));
      warped.At(column, row) = static_cast<float>(result.movingRange.Normalize(result.MovingAt(index, false)));
      determinant.At(column, row) = static_cast<float>(result.DeterminantAt(index));
      const VectorType u = grid.toIndex * result.DisplacementAt(index); // in voxels
      across.At(column, row) = static_cast<float>(column + (plane.flipHorizontal ? -1 : 1) * u[plane.horizontal] + 0.5);
      down.At(column, row) = static_cast<float>(row + (plane.flipVertical ? -1 : 1) * u[plane.vertical] + 0.5);
    }
  }
}

Slice
PlaneSlices::Difference(bool before, const IntensityMap & map) const
{
  Slice difference = before ? moving : warped;
  for (std::size_t i = 0; i < difference.values.size(); ++i)
  {
    difference.values[i] = map(difference.values[i]) - fixed.values[i];
  }
  return difference;
}

Slice
Resize(const Slice & slice, int width, int height)
{
  vtkNew<vtkImageResize> resize;
  resize->SetInputData(ToVtk(slice));
  resize->SetResizeMethodToOutputDimensions();
  resize->SetOutputDimensions(width, height, 1);
  resize->BorderOn(); // pixels and voxels are areas; both slices cover the same one
  vtkSmartPointer<vtkAbstractImageInterpolator> interpolator;
  if (width < slice.width || height < slice.height)
  {
    const auto average = vtkSmartPointer<vtkImageSincInterpolator>::New();
    average->SetWindowFunctionToLanczos();
    average->AntialiasingOn();
    interpolator = average;
  }
  else
  {
    const auto linear = vtkSmartPointer<vtkImageInterpolator>::New(); // no overshoot beside edges
    linear->SetInterpolationModeToLinear();
    interpolator = linear;
  }
  resize->SetInterpolator(interpolator);
  resize->SetNumberOfThreads(1);
  resize->Update();
  Slice        result{ width, height, std::vector<float>(static_cast<std::size_t>(width) * height) };
  const auto * data = static_cast<const float *>(resize->GetOutput()->GetScalarPointer());
  std::copy(data, data + result.values.size(), result.values.begin());
  return result;
}

std::vector<std::array<double, 4>>
ContourLines(const Slice & slice, double offset, double step)
{
  std::vector<std::array<double, 4>> lines;
  if (slice.width < 2 || slice.height < 2)
  {
    return lines;
  }
  const auto [low, high] = std::minmax_element(slice.values.begin(), slice.values.end());
  const auto                 first = static_cast<long>(std::ceil((*low - offset) / step));
  const auto                 last = static_cast<long>(std::floor((*high - offset) / step));
  vtkNew<vtkMarchingSquares> contours;
  contours->SetInputData(ToVtk(slice));
  contours->SetNumberOfContours(static_cast<int>(std::max(0L, last - first + 1)));
  for (long k = first; k <= last; ++k)
  {
    contours->SetValue(static_cast<int>(k - first), offset + static_cast<double>(k) * step);
  }
  contours->Update();
  vtkPolyData * const output = contours->GetOutput();
  vtkNew<vtkIdList>   ids;
  vtkCellArray *      cells = output->GetLines();
  cells->InitTraversal();
  while (cells->GetNextCell(ids))
  {
    double from[3];
    double to[3];
    output->GetPoint(ids->GetId(0), from);
    output->GetPoint(ids->GetId(1), to);
    lines.push_back({ from[0] + 0.5, from[1] + 0.5, to[0] + 0.5, to[1] + 0.5 });
  }
  return lines;
}

} // namespace gnrapp
