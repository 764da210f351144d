// SPDX-License-Identifier: Apache-2.0
#include "PointMap.h"

#include "TransformOutput.h"

#include "itkCompositeTransform.h"
#include "itkDisplacementFieldTransform.h"
#include "itkGaussNewtonRegistrationPointInverse.h"

namespace gnrapp
{
namespace
{

using FieldTransformType = itk::DisplacementFieldTransform<double, 3>;
using CompositeType = itk::CompositeTransform<double, 3>;

using InverseType = itk::GaussNewtonRegistrationPointInverse;

/** A displacement field; outside, the nearest vector continues. */
template <typename TField>
class Displacements
{
public:
  explicit Displacements(const TField * field)
    : m_Field(field)
    , m_Grid(field)
  {}

  bool
  Contains(const PointType & point) const
  {
    return m_Grid.Contains(m_Grid.IndexOf(point));
  }

  VectorType
  At(const PointType & point) const
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

  MatrixType
  GradientAt(const PointType & point) const
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

private:
  typename TField::ConstPointer m_Field;
  GridGeometry                  m_Grid;
};

template <typename TField>
class FieldStep : public PointMap::Step
{
public:
  explicit FieldStep(const TField * field)
    : m_Field(field)
  {}

  MapStatus
  Map(const PointType & in, PointType & out) const override
  {
    if (!m_Field.Contains(in))
    {
      return MapStatus::OutsideField;
    }
    out = in + m_Field.At(in);
    return MapStatus::Mapped;
  }

private:
  Displacements<TField> m_Field;
};

template <typename TField>
class InverseFieldStep : public PointMap::Step
{
public:
  explicit InverseFieldStep(const TField * field)
    : m_Field(field)
  {}

  MapStatus
  Map(const PointType & in, PointType & out) const override
  {
    const bool found = InverseType::Solve(
      in,
      [this](const PointType & x) { return m_Field.At(x); },
      [this](const PointType & x) { return m_Field.GradientAt(x); },
      out);
    return !found ? MapStatus::NotInverted : m_Field.Contains(out) ? MapStatus::Mapped : MapStatus::OutsideField;
  }

private:
  Displacements<TField> m_Field;
};

class TransformStep : public PointMap::Step
{
public:
  explicit TransformStep(const TransformType * transform)
    : m_Transform(transform)
  {}

  MapStatus
  Map(const PointType & in, PointType & out) const override
  {
    out = m_Transform->TransformPoint(in);
    return MapStatus::Mapped;
  }

private:
  TransformType::ConstPointer m_Transform;
};

class InverseTransformStep : public PointMap::Step
{
public:
  explicit InverseTransformStep(const TransformType * transform)
    : m_Transform(transform)
  {}

  MapStatus
  Map(const PointType & in, PointType & out) const override
  {
    return InverseType::Invert(m_Transform, in, out) ? MapStatus::Mapped : MapStatus::NotInverted;
  }

private:
  TransformType::ConstPointer m_Transform;
};

} // namespace

template <typename TField>
void
PointMap::AppendField(const TField * field)
{
  if (m_Steps.empty())
  {
    m_Grid = field;
  }
  m_Steps.push_back(std::make_shared<FieldStep<TField>>(field));
}

void
PointMap::Append(const FieldType * field)
{
  this->AppendField(field);
}

void
PointMap::AppendInverse(const FieldType * field)
{
  m_Steps.push_back(std::make_shared<InverseFieldStep<FieldType>>(field));
}

void
PointMap::Append(const TransformType * transform)
{
  if (const auto * composite = dynamic_cast<const CompositeType *>(transform))
  {
    for (auto i = composite->GetNumberOfTransforms(); i > 0; --i) // the last one is applied first
    {
      this->Append(composite->GetNthTransformConstPointer(i - 1));
    }
  }
  else if (const auto * field = dynamic_cast<const FieldTransformType *>(transform))
  {
    this->AppendField(field->GetDisplacementField());
  }
  else
  {
    m_Steps.push_back(std::make_shared<TransformStep>(transform));
  }
}

void
PointMap::AppendInverse(const TransformType * transform, const std::string & path)
{
  if (const auto * composite = dynamic_cast<const CompositeType *>(transform))
  {
    for (itk::SizeValueType i = 0; i < composite->GetNumberOfTransforms(); ++i)
    {
      this->AppendInverse(composite->GetNthTransformConstPointer(i), path);
    }
  }
  else if (const auto * field = dynamic_cast<const FieldTransformType *>(transform))
  {
    using StepType = InverseFieldStep<FieldTransformType::DisplacementFieldType>;
    m_Steps.push_back(std::make_shared<StepType>(field->GetDisplacementField()));
  }
  else if (transform->IsLinear())
  {
    this->Append(InvertTransform(transform, path));
  }
  else
  {
    m_Steps.push_back(std::make_shared<InverseTransformStep>(transform));
  }
}

MapStatus
PointMap::Map(const PointType & in, PointType & out) const
{
  out = in;
  for (const auto & step : m_Steps)
  {
    const PointType here = out;
    const MapStatus status = step->Map(here, out);
    if (status != MapStatus::Mapped)
    {
      return status;
    }
  }
  return MapStatus::Mapped;
}

} // namespace gnrapp
