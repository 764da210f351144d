// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_InitialTransform_h
#define gnrapp_InitialTransform_h

#include "common/io/ImageInput.h"
#include "TransformInput.h"

#include "itkGaussNewtonRegistrationInitializer.h"

#include <array>
#include <optional>
#include <string>

namespace gnrapp
{

/** Its words are those of `--initial-transform`, beside files. */
using AlignmentMethod = itk::GaussNewtonRegistrationInitializer::MethodEnum;

/** What an alignment before the registration found. */
struct AlignmentRecord
{
  std::string word; ///< that was given
  /** x -> matrix x + offset, mm, fixed to moving points (LPS). */
  std::array<std::array<double, 3>, 3> matrix{};
  std::array<double, 3>                offset{};
  std::optional<double>                initialInformation; ///< mutual information in nats, for rigid and affine
  std::optional<double>                finalInformation;
  std::optional<double>                overlap; ///< share of the fixed image in the moving one, for rigid and affine
  std::string                          remark;  ///< what speaks against it; usually nothing
  double                               seconds = 0.0;
};

/** Aligns the images. The masks may be null. */
TransformType::Pointer
Align(AlignmentMethod       method,
      const RealImageType * fixed,
      const RealImageType * moving,
      const MaskImageType * fixedMask,
      const MaskImageType * movingMask,
      AlignmentRecord &     record);

} // namespace gnrapp

#endif
