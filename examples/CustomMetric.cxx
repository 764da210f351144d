// SPDX-License-Identifier: Apache-2.0
// A measure of similarity of your own, added to one of the library: squared differences that grow only linearly where
// they are large, so that a lesion which one of the images lacks pulls less.
//
//   CustomMetric fixed.nii.gz moving.nii.gz displacement.nii.gz

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>

namespace
{
/** sum w c^2 (sqrt(1 + d^2 / c^2) - 1) of the difference d: half its square where it is small (pseudo-Huber). */
class RobustDifferences : public gnr::CustomMeasure
{
public:
  double
  compare(const Images & images, float * force, float * curvature) override
  {
    const auto &      size = images.grid.size;
    const std::size_t n = std::size_t(size[0]) * size[1] * (images.box.end[2] - images.box.begin[2]);
    constexpr double  c = 0.05; // of the range of intensities, which the solver brings to about 1
    double            value = 0.0;
    for (std::size_t i = 0; i < n; ++i)
    {
      const double w = images.weight ? images.weight[i] : 1.0;
      const double d = double(images.fixed[i]) - images.moving[i];
      const double root = std::sqrt(1.0 + d * d / (c * c));
      value += w * c * c * (root - 1.0);
      if (force) // null where only the value is needed
      {
        force[i] = static_cast<float>(w * d / root);
        curvature[i] = static_cast<float>(w / root); // not below the second derivative, w / root^3
      }
    }
    return value;
  }
};
} // namespace

int
main(int argc, char * argv[])
{
  if (argc != 4)
  {
    std::cerr << "Usage: " << argv[0] << " fixed moving displacement" << std::endl;
    return EXIT_FAILURE;
  }
  using ImageType = itk::Image<float, 3>;
  using MetricType = itk::GaussNewtonRegistrationMetric;
  try
  {
    const auto filter = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType>::New();
    filter->SetFixedImage(itk::ReadImage<ImageType>(argv[1]));
    filter->SetMovingImage(itk::ReadImage<ImageType>(argv[2]));
    filter->AddMetric(MetricType::Of(std::make_shared<RobustDifferences>()));
    filter->AddMetric(MetricType::Named("lncc"), 0.25);
    filter->Update();
    std::cout << filter->GetSimilarity() << ": mismatch " << filter->GetMismatch() << ", determinants "
              << filter->GetMinimumJacobianDeterminant() << " to " << filter->GetMaximumJacobianDeterminant()
              << std::endl;
    itk::WriteImage(filter->GetDisplacementField(), argv[3]);
  }
  catch (const itk::ExceptionObject & error)
  {
    std::cerr << error.GetDescription() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
