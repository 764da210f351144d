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
#include "itkGaussNewtonRegistrationPointInverse.h"

namespace itk
{

bool
GaussNewtonRegistrationPointInverse::Invert(const TransformType * transform, const PointType & target, PointType & out)
{
  if (transform->IsLinear())
  {
    const auto inverse = transform->GetInverseTransform();
    if (inverse)
    {
      out = inverse->TransformPoint(target);
    }
    return inverse.IsNotNull();
  }
  return Solve(
    target,
    [&](const PointType & x) { return transform->TransformPoint(x) - x; },
    [&](const PointType & x) {
      // ITK 5.2 has no derivatives of B-splines. The error of this one slows Newton's method down, no more.
      constexpr double step = 1e-2; // mm
      MatrixType       gradient;
      for (unsigned int column = 0; column < 3; ++column)
      {
        PointType before = x;
        PointType after = x;
        before[column] -= step;
        after[column] += step;
        const VectorType change = transform->TransformPoint(after) - transform->TransformPoint(before);
        for (unsigned int row = 0; row < 3; ++row)
        {
          gradient(row, column) = change[row] / (2 * step) - (row == column ? 1.0 : 0.0);
        }
      }
      return gradient;
    },
    out);
}

} // namespace itk
