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
#ifndef gnrapp_PointMap_h
#define gnrapp_PointMap_h

#include "GridGeometry.h"
#include "ImageInput.h"
#include "TransformInput.h"

#include <memory>
#include <optional>

namespace gnrapp
{

/** Why a point has no image. */
enum class MapStatus
{
  Mapped,
  OutsideField, ///< the vector field is not defined there
  NotInverted   ///< no point was found that is mapped here
};

/** A deformation as a map of physical points (LPS, mm). Copies share the field; calls are thread-safe. */
class PointMap
{
public:
  /** x -> T(x + u(x)): fixed to moving points. `transform` may be null. */
  static PointMap
  Forward(FieldType::Pointer displacement, TransformType::Pointer transform);

  /** y -> p + w(p), p = T^-1(y): moving to fixed points, with the inverse displacement w. */
  static PointMap
  BackwardByField(FieldType::Pointer inverseDisplacement, TransformType::Pointer inverseTransform);

  /** y -> the x with x + u(x) = T^-1(y), to 1e-3 mm, by Newton's method with backtracking. */
  static PointMap
  BackwardBySolving(FieldType::Pointer displacement, TransformType::Pointer inverseTransform);

  MapStatus
  Map(const PointType & in, PointType & out) const;

  /** The grid of the vector field. */
  const FieldType *
  GetField() const
  {
    return m_Field;
  }

private:
  enum class Kind
  {
    Forward,
    BackwardByField,
    BackwardBySolving
  };
  PointMap(Kind kind, FieldType::Pointer field, TransformType::Pointer transform);

  VectorType
  Displacement(const PointType & point) const;
  MatrixType
  Gradient(const PointType & point) const;
  MapStatus
  Solve(const PointType & target, PointType & out) const;

  Kind                   m_Kind;
  FieldType::Pointer     m_Field;
  TransformType::Pointer m_Transform;
  GridGeometry           m_Grid;
};

} // namespace gnrapp

#endif
