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
#include "PointMap.h"

#include <vnl/vnl_det.h>
#include <vnl/vnl_inverse.h>

#include <utility>

namespace gnrapp
{

PointMap::PointMap(Kind kind, FieldType::Pointer field, TransformType::Pointer transform)
  : m_Kind(kind)
  , m_Field(std::move(field))
  , m_Transform(std::move(transform))
  , m_Grid(m_Field.GetPointer())
{}

PointMap
PointMap::Forward(FieldType::Pointer displacement, TransformType::Pointer transform)
{
  return PointMap(Kind::Forward, std::move(displacement), std::move(transform));
}

PointMap
PointMap::BackwardByField(FieldType::Pointer inverseDisplacement, TransformType::Pointer inverseTransform)
{
  return PointMap(Kind::BackwardByField, std::move(inverseDisplacement), std::move(inverseTransform));
}

PointMap
PointMap::BackwardBySolving(FieldType::Pointer displacement, TransformType::Pointer inverseTransform)
{
  return PointMap(Kind::BackwardBySolving, std::move(displacement), std::move(inverseTransform));
}

VectorType
PointMap::Displacement(const PointType & point) const
{
  const TrilinearCorners corners(m_Grid, m_Grid.IndexOf(point));
  VectorType             sum(0.0);
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    const auto & u = m_Field->GetBufferPointer()[corners.offset[corner]];
    for (unsigned int i = 0; i < 3; ++i)
    {
      sum[i] += corners.weight[corner] * u[i];
    }
  }
  return sum;
}

/** d u / d x, physical by physical. */
MatrixType
PointMap::Gradient(const PointType & point) const
{
  const TrilinearCorners corners(m_Grid, m_Grid.IndexOf(point));
  MatrixType             byIndex;
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    const auto & u = m_Field->GetBufferPointer()[corners.offset[corner]];
    for (unsigned int i = 0; i < 3; ++i)
    {
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        byIndex(i, axis) += corners.derivative[axis][corner] * u[i];
      }
    }
  }
  return byIndex * m_Grid.toIndex;
}

MapStatus
PointMap::Solve(const PointType & target, PointType & out) const
{
  constexpr double tolerance = 1e-3; // mm
  constexpr int    maximumSteps = 50;
  constexpr int    maximumHalvings = 12;

  PointType  x = target - this->Displacement(target);
  VectorType residual = x + this->Displacement(x) - target;
  for (int step = 0; step < maximumSteps && residual.GetNorm() > 0.1 * tolerance; ++step)
  {
    MatrixType jacobian = this->Gradient(x);
    for (unsigned int i = 0; i < 3; ++i)
    {
      jacobian(i, i) += 1.0;
    }
    VectorType correction = residual;
    if (vnl_determinant(jacobian.GetVnlMatrix()) > 0)
    {
      correction = VectorType((vnl_inverse(jacobian.GetVnlMatrix()) * residual.GetVnlVector()).data_block());
    }
    double length = 1.0;
    bool   improved = false;
    for (int halving = 0; halving < maximumHalvings && !improved; ++halving, length *= 0.5)
    {
      const PointType  trial = x - correction * length;
      const VectorType trialResidual = trial + this->Displacement(trial) - target;
      if (trialResidual.GetNorm() < residual.GetNorm())
      {
        x = trial;
        residual = trialResidual;
        improved = true;
      }
    }
    if (!improved)
    {
      break;
    }
  }
  if (residual.GetNorm() > tolerance)
  {
    return MapStatus::NotInverted;
  }
  out = x;
  return m_Grid.Contains(m_Grid.IndexOf(x)) ? MapStatus::Mapped : MapStatus::OutsideField;
}

MapStatus
PointMap::Map(const PointType & in, PointType & out) const
{
  const PointType start = (m_Kind == Kind::Forward || !m_Transform) ? in : m_Transform->TransformPoint(in);
  if (m_Kind == Kind::BackwardBySolving)
  {
    return this->Solve(start, out);
  }
  if (!m_Grid.Contains(m_Grid.IndexOf(start)))
  {
    return MapStatus::OutsideField;
  }
  const PointType moved = start + this->Displacement(start);
  out = (m_Kind == Kind::Forward && m_Transform) ? m_Transform->TransformPoint(moved) : moved;
  return MapStatus::Mapped;
}

} // namespace gnrapp
