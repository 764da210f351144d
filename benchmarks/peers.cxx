// SPDX-License-Identifier: Apache-2.0
// Registration methods that ITK has, with usual settings, to compare with: writes the displacement field and prints
// what it cost as JSON.
#include "common/cli/ArgumentParser.h"
#include "common/cli/CommandLineError.h"
#include "common/io/ImageInput.h"
#include "common/cli/Program.h"
#include "common/cli/ResourceUsage.h"

#include "itkANTSNeighborhoodCorrelationImageToImageMetricv4.h"
#include "itkCastImageFilter.h"
#include "itkDiffeomorphicDemonsRegistrationFilter.h"
#include "itkDisplacementFieldTransform.h"
#include "itkDisplacementFieldTransformParametersAdaptor.h"
#include "itkHistogramMatchingImageFilter.h"
#include "itkImageFileWriter.h"
#include "itkMeanSquaresImageToImageMetricv4.h"
#include "itkMultiResolutionPDEDeformableRegistration.h"
#include "itkShrinkImageFilter.h"
#include "itkSyNImageRegistrationMethod.h"

#include <nlohmann/json.hpp>

#include <array>
#include <filesystem>
#include <iostream>

namespace
{

using namespace gnrapp;
using ImageType = RealImageType;

/** Diffeomorphic Demons on three levels after histogram matching. */
FieldType::Pointer
Demons(const ImageType * fixed, const ImageType * moving)
{
  using MatchingType = itk::HistogramMatchingImageFilter<ImageType, ImageType>;
  const auto matching = MatchingType::New();
  matching->SetReferenceImage(fixed);
  matching->SetInput(moving);
  matching->SetNumberOfHistogramLevels(1024);
  matching->SetNumberOfMatchPoints(7);
  matching->ThresholdAtMeanIntensityOn();
  matching->Update();

  using DemonsType = itk::DiffeomorphicDemonsRegistrationFilter<ImageType, ImageType, FieldType>;
  const auto demons = DemonsType::New();
  demons->SetStandardDeviations(1.5);
  demons->SetMaximumUpdateStepLength(2.0);
  demons->SetUseGradientType(itk::ESMDemonsRegistrationFunctionEnums::Gradient::Symmetric);

  using PyramidType = itk::MultiResolutionPDEDeformableRegistration<ImageType, ImageType, FieldType>;
  const auto                          pyramid = PyramidType::New();
  PyramidType::NumberOfIterationsType iterations(3);
  iterations[0] = 30;
  iterations[1] = 20;
  iterations[2] = 10;
  pyramid->SetRegistrationFilter(demons);
  pyramid->SetNumberOfLevels(iterations.GetSize());
  pyramid->SetNumberOfIterations(iterations);
  pyramid->SetFixedImage(fixed);
  pyramid->SetMovingImage(matching->GetOutput());
  pyramid->Update();
  return pyramid->GetOutput();
}

/** Greedy SyN on four levels, with mean squares or with neighbourhood correlation of radius 4. */
template <typename TMetric>
FieldType::Pointer
SyN(const ImageType * fixed, const ImageType * moving, TMetric * metric)
{
  using SyNType = itk::SyNImageRegistrationMethod<ImageType, ImageType>;
  using TransformType = itk::DisplacementFieldTransform<double, 3>;
  using DoubleFieldType = TransformType::DisplacementFieldType;

  metric->SetUseMovingImageGradientFilter(false);
  metric->SetUseFixedImageGradientFilter(false);

  constexpr unsigned int                levels = 4;
  SyNType::ShrinkFactorsArrayType       shrink(levels);
  SyNType::SmoothingSigmasArrayType     sigmas(levels);
  SyNType::NumberOfIterationsArrayType  iterations(levels);
  constexpr std::array<unsigned int, 4> iterationsPerLevel{ { 100, 70, 50, 20 } };
  for (unsigned int l = 0; l < levels; ++l)
  {
    shrink[l] = 1u << (levels - 1 - l);
    sigmas[l] = levels - 1 - l;
    iterations[l] = iterationsPerLevel[l];
  }

  const auto zeroField = [fixed]() {
    const auto field = DoubleFieldType::New();
    field->CopyInformation(fixed);
    field->SetRegions(fixed->GetBufferedRegion());
    field->Allocate(true);
    return field;
  };
  const auto transform = TransformType::New();
  transform->SetDisplacementField(zeroField());
  transform->SetInverseDisplacementField(zeroField());

  // The grid that the fields have on each level.
  using AdaptorType = itk::DisplacementFieldTransformParametersAdaptor<TransformType>;
  SyNType::TransformParametersAdaptorsContainerType adaptors;
  for (unsigned int l = 0; l < levels; ++l)
  {
    using ShrinkType = itk::ShrinkImageFilter<ImageType, ImageType>;
    const auto coarse = ShrinkType::New();
    coarse->SetShrinkFactors(static_cast<unsigned int>(shrink[l]));
    coarse->SetInput(fixed);
    coarse->UpdateOutputInformation();
    const ImageType * grid = coarse->GetOutput();
    const auto        adaptor = AdaptorType::New();
    adaptor->SetRequiredSpacing(grid->GetSpacing());
    adaptor->SetRequiredSize(grid->GetLargestPossibleRegion().GetSize());
    adaptor->SetRequiredDirection(grid->GetDirection());
    adaptor->SetRequiredOrigin(grid->GetOrigin());
    adaptor->SetTransform(transform);
    adaptors.push_back(adaptor);
  }

  const auto syn = SyNType::New();
  syn->SetFixedImage(fixed);
  syn->SetMovingImage(moving);
  syn->SetMetric(metric);
  syn->SetNumberOfLevels(levels);
  syn->SetShrinkFactorsPerLevel(shrink);
  syn->SetSmoothingSigmasPerLevel(sigmas);
  syn->SetSmoothingSigmasAreSpecifiedInPhysicalUnits(false);
  syn->SetNumberOfIterationsPerLevel(iterations);
  syn->SetLearningRate(0.1);
  syn->SetConvergenceThreshold(1e-6);
  syn->SetConvergenceWindowSize(10);
  syn->SetGaussianSmoothingVarianceForTheUpdateField(3.0);
  syn->SetGaussianSmoothingVarianceForTheTotalField(0.0);
  syn->SetDownsampleImagesForMetricDerivatives(true);
  syn->SetAverageMidPointGradients(false);
  syn->SetTransformParametersAdaptorsPerLevel(adaptors);
  syn->SetInitialTransform(transform);
  syn->InPlaceOn();
  syn->Update();

  using CastType = itk::CastImageFilter<DoubleFieldType, FieldType>;
  const auto cast = CastType::New();
  cast->SetInput(syn->GetModifiableTransform()->GetDisplacementField());
  cast->Update();
  return cast->GetOutput();
}

FieldType::Pointer
Register(const std::string & method, const ImageType * fixed, const ImageType * moving)
{
  if (method == "demons")
  {
    return Demons(fixed, moving);
  }
  if (method == "syn-ms")
  {
    return SyN(fixed, moving, itk::MeanSquaresImageToImageMetricv4<ImageType, ImageType>::New().GetPointer());
  }
  using CorrelationType = itk::ANTSNeighborhoodCorrelationImageToImageMetricv4<ImageType, ImageType>;
  const auto   correlation = CorrelationType::New();
  itk::Size<3> radius;
  radius.Fill(4);
  correlation->SetRadius(radius);
  return SyN(fixed, moving, correlation.GetPointer());
}

} // namespace

int
main(int argc, char * argv[])
{
  const auto start = std::chrono::steady_clock::now();
  return RunProgram("peers", [&]() {
    std::string    method, fixedPath, movingPath, output;
    ArgumentParser parser("peers",
                          "Registers two images with a method of ITK and prints its cost as JSON.\n",
                          "demons: DiffeomorphicDemonsRegistrationFilter, 3 levels, 30/20/10 iterations, histogram\n"
                          "matching. syn-ms, syn-cc: SyNImageRegistrationMethod, 4 levels, 100/70/50/20 iterations,\n"
                          "mean squares or neighbourhood correlation. ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS sets the\n"
                          "number of threads.");
    parser.add_option("METHOD", method, "demons, syn-ms or syn-cc.")->check(OneOf({ "demons", "syn-ms", "syn-cc" }));
    parser.add_option("FIXED", fixedPath, "Fixed image (reference).");
    parser.add_option("MOVING", movingPath, "Moving image, on the same grid or another.");
    Describe(parser.add_option("-o,--output", output, "Displacement field to write (.nii, .nii.gz, .mha). Required."),
             "Output",
             "FILE",
             "");
    if (!parser.Parse(argc, argv, { "METHOD", "FIXED", "MOVING", "--output" }))
    {
      return ExitCode::Success;
    }
    const std::filesystem::path folder = std::filesystem::path(output).parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder))
    {
      throw CommandLineError("--output: the folder " + folder.string() + " does not exist. Create it");
    }
    const auto          fixed = ReadImage<ImageType>(InspectImageFile(fixedPath));
    const auto          moving = ReadImage<ImageType>(InspectImageFile(movingPath));
    const ResourceUsage before = MeasureResourceUsage(start);
    const auto          field = Register(method, fixed, moving);
    const ResourceUsage after = MeasureResourceUsage(start);

    using WriterType = itk::ImageFileWriter<FieldType>;
    const auto writer = WriterType::New();
    writer->SetFileName(output);
    writer->SetInput(field);
    writer->Update();

    const ResourceUsage usage = MeasureResourceUsage(start);
    const auto          size = fixed->GetBufferedRegion().GetSize();
    std::cout << nlohmann::ordered_json{
      { "method", method },
      { "ITK", ItkVersion() },
      { "size", { size[0], size[1], size[2] } },
      { "threads", itk::MultiThreaderBase::GetGlobalDefaultNumberOfThreads() },
      { "cpuSeconds", usage.cpuSeconds },
      { "wallSeconds", usage.wallSeconds },
      { "registrationCpuSeconds", after.cpuSeconds - before.cpuSeconds },
      { "registrationWallSeconds", after.wallSeconds - before.wallSeconds },
      { "peakBytes", usage.peakBytes }
    }.dump(2) << std::endl;
    return ExitCode::Success;
  });
}
