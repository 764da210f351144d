// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PointMap_h
#define gnrapp_PointMap_h

#include "GridGeometry.h"
#include "common/io/ImageInput.h"
#include "TransformInput.h"

#include <memory>
#include <string>
#include <vector>

namespace gnrapp
{

/** Why a point has no image. */
enum class MapStatus
{
  Mapped,
  OutsideField, ///< a displacement field is not defined there
  NotInverted   ///< no point was found that is mapped here
};

/** A chain of deformations and transforms as one map of physical points (LPS, mm); the identity while it is empty.
 * Copies share the fields; calls of Map() are thread-safe. */
class PointMap
{
public:
  /** One link of the chain. */
  class Step
  {
  public:
    virtual ~Step() = default;
    virtual MapStatus
    Map(const PointType & in, PointType & out) const = 0;
  };

  /** Applied after all that is there: x -> x + u(x), trilinear. */
  void
  Append(const FieldType * field);

  /** y -> the x with x + u(x) = y, to 1e-3 mm, by Newton's method with backtracking. */
  void
  AppendInverse(const FieldType * field);

  /** x -> T(x). The parts of a composite transform become links of their own, in the order in which it applies them;
   * its displacement fields are taken as by Append(field). */
  void
  Append(const TransformType * transform);

  /** The inverse: in closed form where ITK has one, otherwise by Newton's method. Throws CommandLineError naming `path`
   * for a linear transform that is singular. */
  void
  AppendInverse(const TransformType * transform, const std::string & path);

  MapStatus
  Map(const PointType & in, PointType & out) const;

  /** Where the map is defined, if that is the grid of a displacement field that comes first; otherwise null. */
  itk::ImageBase<3>::ConstPointer
  GetGrid() const
  {
    return m_Grid;
  }

private:
  template <typename TField>
  void
  AppendField(const TField * field);

  itk::ImageBase<3>::ConstPointer          m_Grid;
  std::vector<std::shared_ptr<const Step>> m_Steps;
};

} // namespace gnrapp

#endif
