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
#ifndef itkGaussNewtonRegistrationMemoryNeed_h
#define itkGaussNewtonRegistrationMemoryNeed_h

#include "gnr/Report.h"

#include "GaussNewtonRegistrationExport.h"

#include <algorithm>
#include <cstddef>

namespace itk
{

/** \class GaussNewtonRegistrationMemoryNeed
 * \brief Bytes that one registration by DiffeomorphicGaussNewtonRegistrationFilter needs in this process.
 * \ingroup GaussNewtonRegistration
 */
struct GaussNewtonRegistration_EXPORT GaussNewtonRegistrationMemoryNeed
{
  gnr::MemoryPlan solver;           ///< its fields
  std::size_t     inputs = 0;       ///< images that were passed, and their casts, until the solver has read them
  std::size_t     prepared = 0;     ///< what is made of them, resampled images and weights; likewise
  std::size_t     kept = 0;         ///< those images that stay in memory
  std::size_t     displacement = 0; ///< output
  std::size_t     cast = 0;         ///< one vector field in single precision, if those of the outputs are not
  std::size_t     inverse = 0;      ///< output, if computed
  std::size_t     others = 0;       ///< outputs that are computed

  std::size_t preparation = 0; ///< all that is needed while the images are prepared
  std::size_t solve = 0;       ///< ... during the solve
  std::size_t results = 0;     ///< ... while the outputs are made

  /** Takes over a plan and finds the sums. */
  void
  AddUp(const gnr::MemoryPlan & plan);

  std::size_t
  Largest() const
  {
    return std::max({ preparation, solve, results });
  }
};

} // namespace itk

#endif
