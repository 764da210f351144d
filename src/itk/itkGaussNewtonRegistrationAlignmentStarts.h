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
#ifndef itkGaussNewtonRegistrationAlignmentStarts_h
#define itkGaussNewtonRegistrationAlignmentStarts_h

// Where an alignment begins, and what it is judged by; private to src/itk.

#include "itkGaussNewtonRegistrationAlignment.h"
#include "itkGaussNewtonRegistrationSamples.h"

#include "itkEuler3DTransform.h"
#include "itkMattesMutualInformationImageToImageMetricv4.h"

#include <vector>

namespace itk
{
namespace GaussNewtonRegistrationAlignment
{
using ShiftType = Vector<double, 3>;
using RigidType = Euler3DTransform<double>;
using AffineType = GaussNewtonRegistrationInitializer::AffineTransformType;
using MatrixType = Matrix<double, 3, 3>;

constexpr double      searchSpacing = 4.0; // of the grid of the search, in samples
constexpr std::size_t refinedStarts = 3;   // of the best in the search, of each kind

/** Mutual information that is summed in one order: with several work units it would depend on who comes first, and
 * SetMaximumNumberOfWorkUnits() of ITK limits threads only. */
class MetricType : public MattesMutualInformationImageToImageMetricv4<ImageType, ImageType>
{
public:
  using Self = MetricType;
  using Superclass = MattesMutualInformationImageToImageMetricv4<ImageType, ImageType>;
  using Pointer = SmartPointer<Self>;
  itkNewMacro(Self);

protected:
  MetricType()
  {
    this->m_DenseGetValueAndDerivativeThreader->SetNumberOfWorkUnits(1);
    this->m_SparseGetValueAndDerivativeThreader->SetNumberOfWorkUnits(1);
  }
};

MetricType::Pointer
MakeMetric(const Picture & fixed, const Picture & moving, const Settings & settings);

/** Mutual information on coarse grids, for many transforms. */
class Judge
{
public:
  Judge(const Picture &  fixed,
        const Picture &  moving,
        TransformType *  transform,
        double           spacing,
        const Settings & settings)
    : m_Metric(MakeMetric(fixed, moving, settings))
  {
    m_Metric->SetFixedImage(Shrink(fixed.image, FactorsFor(fixed.image, spacing)));
    m_Metric->SetMovingImage(Shrink(moving.image, FactorsFor(moving.image, spacing)));
    m_Metric->SetMovingTransform(transform);
    m_Metric->Initialize();
  }

  /** With the present parameters of the transform; nats. None, 0, where the images do not overlap. */
  double
  Information()
  {
    try
    {
      return -m_Metric->GetValue();
    }
    catch (const ExceptionObject &)
    {
      if (this->Overlap() == 0) // which ITK takes for an error
      {
        return 0.0;
      }
      throw;
    }
  }

  /** What images of these intensities share by chance where they have nothing to do with each other, in so many
   * samples as the last time; nats.
   *
   * The cells of the joint histogram then count independently of each other, by Poisson's distribution, and each adds
   * E[k ln(k / mean)] / samples: half of 1 / samples where the mean is large, next to nothing where it is small. */
  double
  InformationByChance() const;

  /** Samples of the fixed image that fell into the moving one the last time. */
  SizeValueType
  Overlap() const
  {
    return m_Metric->GetNumberOfValidPoints();
  }

private:
  MetricType::Pointer m_Metric;
};

/** A place to begin at: `transform`, and after it `turn` about the same centre. Euler angles are refined where they are
 * small: at 90 degrees two of them are one. */
struct Start
{
  RigidType::Pointer transform;
  MatrixType         turn{};
  bool               isTurned = false; ///< `turn` is not the identity
  double             information = 0.0;
  SizeValueType      overlap = 0;

  AffineType::Pointer
  Whole() const
  {
    const auto whole = AffineType::New();
    whole->SetCenter(transform->GetCenter());
    whole->SetMatrix(turn * transform->GetMatrix());
    whole->SetTranslation(turn * transform->GetTranslation());
    return whole;
  }
};

RigidType::Pointer
MakeRigid(const PointType & centre, const ShiftType & shift, unsigned int axis, double angle);

/** Degrees between two rotations. */
double
AngleBetween(const MatrixType & a, const MatrixType & b);

/** Judges every start; leaves those out that have much less overlap than others, because the few voxels that they
 * compare can agree by chance. Best first. */
void
JudgeAll(std::vector<Start> & starts, const Picture & fixed, const Picture & moving, const Settings & settings);

/** All shifts with small rotations about each axis. */
std::vector<Start>
NearStarts(const std::vector<ShiftType> & shifts, const PointType & centre);

/** Rotations by more than that, about the centre, with each of the first two shifts, which do not hang on the position
 * of the patient. */
std::vector<Start>
FarStarts(const std::vector<ShiftType> & shifts, const PointType & centre);

/** The best of the large rotations, none of them near another: neighbours of the best are tried, because up to 45
 * degrees may lie between a rotation and the next one of the first try. */
std::vector<Start>
SearchFar(const Picture &                fixed,
          const Picture &                moving,
          const std::vector<ShiftType> & shifts,
          const PointType &              centre,
          const Settings &               settings);

} // namespace GaussNewtonRegistrationAlignment
} // namespace itk

#endif
