// SPDX-License-Identifier: Apache-2.0
// Driver test: object methods, every parameter, missing input, pipeline update, files written and read back.

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"
#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkTestingMacros.h"
#include "itkTranslationTransform.h"

#include <iostream>
#include <set>
#include <sstream>
#include <string>

namespace
{
// A parameter that is set comes back, and changes the modification time only when it changes.
#define TEST_PARAMETER(filter, Name, value)                                                                            \
  filter->Set##Name(value);                                                                                            \
  ITK_TEST_SET_GET_VALUE(value, filter->Get##Name());                                                                  \
  {                                                                                                                    \
    const itk::ModifiedTimeType before = (filter)->GetMTime();                                                         \
    filter->Set##Name(value);                                                                                          \
    ITK_TEST_EXPECT_EQUAL(before, (filter)->GetMTime());                                                               \
  }                                                                                                                    \
  ITK_MACROEND_NOOP_STATEMENT
} // namespace

int
itkDiffeomorphicGaussNewtonRegistrationFilterTest(int argc, char * argv[])
{
  if (argc < 2)
  {
    std::cerr << "Usage: " << itkNameOfTestExecutableMacro(argv) << " <folder to write to>" << std::endl;
    return EXIT_FAILURE;
  }
  const std::string folder = argv[1];

  using FilterType = gnrtest::Filter;
  const auto filter = FilterType::New();
  ITK_EXERCISE_BASIC_OBJECT_METHODS(filter, DiffeomorphicGaussNewtonRegistrationFilter, ImageToImageFilter);

  const auto engine = itk::GaussNewtonRegistrationEngine::Workers(3);
  ITK_EXERCISE_BASIC_OBJECT_METHODS(engine, GaussNewtonRegistrationEngine, Object);
  ITK_TEST_EXPECT_EQUAL(engine->GetNumberOfWorkers(), 3U);
  ITK_TEST_SET_GET_BOOLEAN(engine, GatherOutput, true);
  TEST_PARAMETER(filter, Engine, engine.GetPointer());

  // Defaults are those of the core.
  const gnr::Options defaults;
  ITK_TEST_EXPECT_EQUAL(filter->GetBeta(), defaults.beta);
  ITK_TEST_EXPECT_EQUAL(filter->GetNumberOfIterations(), static_cast<unsigned int>(defaults.maximumIterations));
  ITK_TEST_EXPECT_TRUE(filter->GetSimilarity() == "auto");
  ITK_TRY_EXPECT_EXCEPTION(filter->GetNumberOfLevels());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetTimeLimit());

  // Every option of everyday has a setter, under a name of ITK's where there is one.
  std::set<std::string> withSetter;
#define TEST_OPTION(option, Name, value)                                                                               \
  TEST_PARAMETER(filter, Name, value);                                                                                 \
  withSetter.insert(option)

  TEST_OPTION("similarity", Similarity, std::string("lncc+0.5*mind"));
  TEST_OPTION("normalization", IntensityNormalization, FilterType::IntensityNormalizationEnum::None);
  TEST_OPTION("beta", Beta, 0.125);
  TEST_OPTION("beta strategy", BetaStrategy, FilterType::BetaStrategyEnum::Continuation);
  TEST_OPTION("incompressible", Incompressible, true);
  TEST_OPTION("levels", NumberOfLevels, 2U);
  TEST_OPTION("iterations", NumberOfIterations, 11U);
  TEST_OPTION("time limit", TimeLimit, 4.5);
  TEST_OPTION("device", Device, FilterType::DeviceEnum::CPU);
  TEST_OPTION("threads", NumberOfWorkUnits, 3U);
  TEST_PARAMETER(filter, UseHistogramMatching, true);
  TEST_PARAMETER(filter, ComputeInverseDisplacementField, false);
  TEST_PARAMETER(filter, ComputeVelocityField, false);
  TEST_PARAMETER(filter, ComputeWarpedMovingImage, false);
  TEST_PARAMETER(filter, ComputeJacobianDeterminantImage, false);
  for (const gnr::OptionRow & row : filter->GetOptionTable())
  {
    ITK_TEST_EXPECT_EQUAL(withSetter.count(row.name) == 1, row.tier == gnr::OptionTier::Everyday);
  }

  // ... and reaches the options of the core.
  const gnr::Options options = filter->GetOptions();
  ITK_TEST_EXPECT_TRUE(options.similarity.text() == "lncc+0.5*mind");
  ITK_TEST_EXPECT_TRUE(options.intensityNormalization == gnr::IntensityNormalization::None);
  ITK_TEST_EXPECT_EQUAL(options.beta, 0.125);
  ITK_TEST_EXPECT_TRUE(options.betaStrategy == gnr::BetaStrategy::Continuation);
  ITK_TEST_EXPECT_TRUE(options.incompressible);
  ITK_TEST_EXPECT_EQUAL(options.levels.value(), 2);
  ITK_TEST_EXPECT_EQUAL(options.maximumIterations, 11);
  ITK_TEST_EXPECT_EQUAL(options.timeLimit.value(), 4.5);
  ITK_TEST_EXPECT_TRUE(options.device == gnr::Device::Cpu);
  ITK_TEST_EXPECT_EQUAL(options.threads.value(), 3);

  // Boolean methods.
  ITK_TEST_SET_GET_BOOLEAN(filter, Incompressible, true);
  ITK_TEST_SET_GET_BOOLEAN(filter, UseHistogramMatching, true);
  ITK_TEST_SET_GET_BOOLEAN(filter, ComputeInverseDisplacementField, true);
  ITK_TEST_SET_GET_BOOLEAN(filter, ComputeVelocityField, true);
  ITK_TEST_SET_GET_BOOLEAN(filter, ComputeWarpedMovingImage, true);
  ITK_TEST_SET_GET_BOOLEAN(filter, ComputeJacobianDeterminantImage, true);

  // Values that do not exist throw in place of making one up.
  filter->SetParameter("levels", "automatic");
  ITK_TRY_EXPECT_EXCEPTION(filter->GetNumberOfLevels());
  filter->SetParameter("time-limit", "none");
  ITK_TRY_EXPECT_EXCEPTION(filter->GetTimeLimit());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetUsedBeta());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetReport());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetMetricValue());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetCurrentIterationRecord());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetCurrentLevelRecord());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetStopConditionDescription());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetTransform());
  ITK_TEST_EXPECT_EQUAL(filter->GetElapsedIterations(), 0U);
  ITK_TEST_EXPECT_EQUAL(filter->GetMismatch(), 1.0);

  // All at once; the threads are the work units.
  gnr::Options other;
  other.beta = 0.5;
  other.threads = 2;
  filter->SetOptions(other);
  ITK_TEST_EXPECT_EQUAL(filter->GetBeta(), 0.5);
  ITK_TEST_EXPECT_EQUAL(filter->GetNumberOfWorkUnits(), 2U);

  // A preset overwrites the solver's parameters, not the machine.
  filter->SetPreset(FilterType::PresetEnum::Default);
  ITK_TEST_EXPECT_EQUAL(filter->GetBeta(), defaults.beta);
  ITK_TEST_EXPECT_EQUAL(filter->GetNumberOfWorkUnits(), 2U);
  filter->SetPreset(FilterType::PresetEnum::Accurate);
  ITK_TEST_EXPECT_TRUE(filter->GetBeta() < defaults.beta);
  filter->SetPreset(FilterType::PresetEnum::Default);

  // Every parameter by its name, as text; the filter is modified only where something changes.
  for (const gnr::OptionRow & row : filter->GetOptionTable())
  {
    const std::string value = filter->GetParameter(row.title());
    const auto        modified = filter->GetMTime();
    ITK_TRY_EXPECT_NO_EXCEPTION(filter->SetParameter(row.flag(), value));
    ITK_TEST_EXPECT_EQUAL(filter->GetMTime(), modified);
    ITK_TEST_EXPECT_EQUAL(filter->GetParameter(row.name), value);
  }
  filter->SetParameter("GridScale", "0.1");
  ITK_TEST_EXPECT_EQUAL(filter->GetOptions().gridScale, 0.1);
  filter->SetParameter("gradient-limit", "none");
  ITK_TEST_EXPECT_TRUE(!filter->GetOptions().gradientLimit);
  filter->SetParameter("Preconditioner", "invh0");
  ITK_TEST_EXPECT_TRUE(filter->GetOptions().preconditioner == gnr::Preconditioner::InvH0);
  filter->SetParameter("Threads", "3");
  ITK_TEST_EXPECT_EQUAL(filter->GetNumberOfWorkUnits(), 3U);
  for (const auto & [name, value, says] :
       { std::array<const char *, 3>{ { "GridScale", "-1", "GridScale: must be a number >= 0, not '-1'" } },
         std::array<const char *, 3>{ { "Device", "tpu", "one of auto, cpu, cuda, reference" } },
         std::array<const char *, 3>{ { "GridSkale", "1", "'GridSkale' is no option; there are Beta," } } })
  {
    try
    {
      filter->SetParameter(name, value);
      std::cerr << name << " was taken" << std::endl;
      return EXIT_FAILURE;
    }
    catch (const itk::GaussNewtonRegistrationError & error)
    {
      ITK_TEST_EXPECT_TRUE(std::string(error.GetDescription()).find(says) != std::string::npos);
      ITK_TEST_EXPECT_TRUE(error.GetKind() == itk::GaussNewtonRegistrationErrorEnums::Kind::BadInput);
    }
  }
  ITK_TRY_EXPECT_EXCEPTION(filter->GetParameter("GridSkale"));
  filter->SetPreset(FilterType::PresetEnum::Default);

  // Enumerations print their words.
  std::ostringstream names;
  names << FilterType::BetaStrategyEnum::Search << ' ' << FilterType::IntensityNormalizationEnum::Percentiles << ' '
        << FilterType::DeviceEnum::CUDA << ' ' << FilterType::PresetEnum::Fast << ' '
        << itk::GaussNewtonRegistrationErrorEnums::Kind::OutOfResources;
  for (const char * name : { "search ", "percentiles ", "cuda ", "fast ", "::OutOfResources" })
  {
    ITK_TEST_EXPECT_TRUE(names.str().find(name) != std::string::npos);
  }

  // Missing inputs.
  ITK_TRY_EXPECT_EXCEPTION(filter->Update());
  const auto fixed = gnrtest::MakeFixed();
  const auto moving = gnrtest::MakeMoving();
  filter->SetFixedImage(fixed);
  ITK_TRY_EXPECT_EXCEPTION(filter->Update());
  filter->SetMovingImage(moving);
  ITK_TEST_SET_GET_VALUE(fixed, filter->GetFixedImage());
  ITK_TEST_SET_GET_VALUE(moving, filter->GetMovingImage());

  const auto mask = gnrtest::MaskImage::New();
  filter->SetFixedImageMask(mask);
  ITK_TEST_SET_GET_VALUE(mask, filter->GetFixedImageMask());
  filter->SetFixedImageMask(nullptr);
  filter->SetMovingImageMask(mask);
  ITK_TEST_SET_GET_VALUE(mask, filter->GetMovingImageMask());
  filter->SetMovingImageMask(nullptr);
  const auto weights = gnrtest::FloatImage::New();
  filter->SetIncompressibilityImage(weights);
  ITK_TEST_SET_GET_VALUE(weights, filter->GetIncompressibilityImage());
  filter->SetIncompressibilityImage(nullptr);
  const auto transform = itk::TranslationTransform<double, 3>::New();
  filter->SetInitialTransform(transform);
  ITK_TEST_SET_GET_VALUE(transform, filter->GetInitialTransform());
  filter->SetInitialTransform(nullptr);
  const auto velocity = gnrtest::Field::New();
  filter->SetInitialVelocityField(velocity);
  ITK_TEST_SET_GET_VALUE(velocity, filter->GetInitialVelocityField());
  filter->SetInitialVelocityField(nullptr);

  // The outputs drive the pipeline.
  filter->SetEngine(nullptr);
  filter->SetDevice(FilterType::DeviceEnum::CPU);
  const std::string name = folder + "/itkDiffeomorphicGaussNewtonRegistrationFilterTest_displacement.nii.gz";
  const auto        writer = itk::ImageFileWriter<gnrtest::Field>::New();
  writer->SetInput(filter->GetDisplacementField());
  writer->SetFileName(name);
  ITK_TRY_EXPECT_NO_EXCEPTION(writer->Update());
  ITK_TEST_EXPECT_TRUE(filter->GetElapsedIterations() > 0);
  ITK_TEST_EXPECT_TRUE(filter->GetMismatch() < 0.5);
  ITK_TEST_EXPECT_TRUE(filter->GetMetricValue() >= 0.0);
  ITK_TEST_EXPECT_TRUE(!filter->GetStopConditionDescription().empty());
  ITK_TEST_EXPECT_EQUAL(filter->GetNumberOfFoldedVoxels(), 0U);
  ITK_TEST_EXPECT_TRUE(filter->GetMinimumJacobianDeterminant() > 0.0);
  ITK_TEST_EXPECT_TRUE(filter->GetMaximumJacobianDeterminant() >= filter->GetMinimumJacobianDeterminant());
  filter->Print(std::cout);

  // What was written is what was computed.
  const auto reader = itk::ImageFileReader<gnrtest::Field>::New();
  reader->SetFileName(name);
  ITK_TRY_EXPECT_NO_EXCEPTION(reader->Update());
  ITK_TEST_EXPECT_TRUE(gnrtest::Compare(filter->GetDisplacementField(), reader->GetOutput()).largest == 0.0);
  ITK_TEST_EXPECT_TRUE((reader->GetOutput()->GetOrigin() - filter->GetDisplacementField()->GetOrigin()).GetNorm() <
                       1e-5);

  // An output that is switched off says so.
  filter->ComputeInverseDisplacementFieldOff();
  filter->ComputeVelocityFieldOff();
  filter->ComputeWarpedMovingImageOff();
  filter->ComputeJacobianDeterminantImageOff();
  ITK_TRY_EXPECT_NO_EXCEPTION(filter->Update());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetInverseDisplacementField());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetVelocityField());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetWarpedMovingImage());
  ITK_TRY_EXPECT_EXCEPTION(filter->GetJacobianDeterminantImage());
  ITK_TEST_EXPECT_TRUE(gnrtest::Compare(filter->GetDisplacementField(), reader->GetOutput()).largest == 0.0);

  std::cout << "Test finished." << std::endl;
  return EXIT_SUCCESS;
}
