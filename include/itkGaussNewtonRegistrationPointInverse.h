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
#ifndef itkGaussNewtonRegistrationPointInverse_h
#define itkGaussNewtonRegistrationPointInverse_h

#include "itkMatrix.h"
#include "itkPoint.h"
#include "itkTransform.h"
#include "itkVector.h"

#include "GaussNewtonRegistrationExport.h"

#include <vnl/vnl_det.h>
#include <vnl/vnl_inverse.h>

namespace itk
{

/** \class GaussNewtonRegistrationPointInverse
 * \brief Where a map of physical points has a point from.
 *
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistration_EXPORT GaussNewtonRegistrationPointInverse
{
public:
  using PointType = Point<double, 3>;
  using VectorType = Vector<double, 3>;
  using MatrixType = Matrix<double, 3, 3>;
  using TransformType = Transform<double, 3, 3>;

  static constexpr double Tolerance = 1e-3; ///< mm

  /** The x with x + u(x) = target, by Newton's method with backtracking; false where none is found to Tolerance.
   * \param displacement gives u(x) of a point \param gradient gives the matrix du/dx, physical by physical; what is
   * wrong with it costs steps, not accuracy */
  template <typename TDisplacement, typename TGradient>
  static bool
  Solve(const PointType & target, TDisplacement displacement, TGradient gradient, PointType & out);

  /** The x with T(x) = target: in closed form of a linear transform, else by Solve(). False where there is none. */
  static bool
  Invert(const TransformType * transform, const PointType & target, PointType & out);
};

template <typename TDisplacement, typename TGradient>
bool
GaussNewtonRegistrationPointInverse::Solve(const PointType & target,
                                           TDisplacement     displacement,
                                           TGradient         gradient,
                                           PointType &       out)
{
  constexpr int maximumSteps = 50;
  constexpr int maximumHalvings = 12;

  PointType  x = target - displacement(target);
  VectorType residual = x + displacement(x) - target;
  for (int step = 0; step < maximumSteps && residual.GetNorm() > 0.1 * Tolerance; ++step)
  {
    MatrixType jacobian = gradient(x);
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
      const VectorType trialResidual = trial + displacement(trial) - target;
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
  out = x;
  return residual.GetNorm() <= Tolerance;
}

} // namespace itk

#endif
