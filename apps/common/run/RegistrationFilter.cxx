// SPDX-License-Identifier: Apache-2.0
#include "RegistrationFilter.h"

#include "common/cli/CommandLineError.h"
#include "common/map/PointFile.h"
#include "common/map/TransformInput.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <map>
#include <system_error>
#include <vector>

namespace gnrapp
{
namespace
{

/** Everything that is not 0 is inside, also 0.5 and 256, which a conversion to unsigned char would lose. */
MaskImageType::Pointer
ReadMask(const std::string & path)
{
  const auto image = ReadImage<RealImageType>(InspectImageFile(path));
  const auto mask = MaskImageType::New();
  mask->CopyInformation(image);
  mask->SetRegions(image->GetLargestPossibleRegion());
  mask->Allocate();
  const std::size_t count = image->GetLargestPossibleRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < count; ++i)
  {
    const float value = image->GetBufferPointer()[i];
    if (!std::isfinite(value))
    {
      throw CommandLineError(path + ": the mask has voxels that are NaN or infinite. Set them to 0 or 1");
    }
    mask->GetBufferPointer()[i] = value != 0.0F ? 1 : 0;
  }
  return mask;
}

using LandmarkPointContainer = RegistrationFilterType::LandmarkPointContainer;

LandmarkPointContainer
ReadLandmarks(const std::string & path)
{
  LandmarkPointContainer points;
  const auto             file = ReadPointFile(path);
  for (const FilePoint & point : file->points)
  {
    if (!point.position)
    {
      throw CommandLineError(path + ": " + point.place +
                             " is a point without a position. Place it, or remove the pair");
    }
    points.push_back(*point.position);
  }
  return points;
}

/** The initial transform that was given, or found; null if there is none. */
TransformType::Pointer
MakeInitialTransform(const RegistrationFilterType *   filter,
                     const RegistrationSettings &     settings,
                     RunLog &                         log,
                     std::optional<AlignmentRecord> & record)
{
  if (!settings.initialTransform)
  {
    return nullptr;
  }
  const auto      method = gnr::valueOf<AlignmentMethod>(*settings.initialTransform);
  std::error_code none;
  if (!method && !std::filesystem::exists(*settings.initialTransform, none))
  {
    throw CommandLineError(*settings.initialTransform +
                           ": no such file, and none of identity, moments, rigid, affine. Check the path or the word");
  }
  if (!method)
  {
    return ReadTransform(*settings.initialTransform, settings.fslImages);
  }
  if (*method == AlignmentMethod::Identity)
  {
    return nullptr;
  }
  record.emplace();
  log.PrintActivity("aligning");
  const TransformType::Pointer transform = Align(*method,
                                                 filter->GetFixedImage(),
                                                 filter->GetMovingImage(),
                                                 filter->GetFixedImageMask(),
                                                 filter->GetMovingImageMask(),
                                                 *record);
  log.PrintAlignment(*record);
  if (!record->remark.empty())
  {
    log.PrintMessage("alignment: " + record->remark);
  }
  return transform;
}

} // namespace

std::string
NameFiles(const std::string & message, const RegistrationSettings & settings)
{
  std::map<std::string, std::string> files = {
    { "FixedImage", settings.fixed },
    { "MovingImage", settings.moving },
    { "FixedImageMask", settings.fixedMask.value_or("") },
    { "MovingImageMask", settings.movingMask.value_or("") },
    { "IncompressibilityImage", settings.incompressibilityImage.value_or("") },
    { "InitialTransform", settings.initialTransform.value_or("") },
    { "InitialVelocityField", settings.initialVelocity.value_or("") },
    { "UseHistogramMatching", "--histogram-matching" },
    { "FixedLandmarks", settings.fixedPoints.value_or("") },
    { "MovingLandmarks", settings.movingPoints.value_or("") },
  };
  std::size_t number = 2;
  for (const FilePair & channel : settings.channels)
  {
    for (std::size_t i = 0; i < channel.volumes; ++i, ++number)
    {
      const std::string which = channel.volumes > 1 ? " (volume " + std::to_string(i) + ")" : "";
      files["FixedImage" + std::to_string(number)] = channel.fixed + which;
      files["MovingImage" + std::to_string(number)] = channel.moving + which;
    }
  }
  auto isLetter = [&message](std::size_t i) { return std::isalnum(static_cast<unsigned char>(message[i])) != 0; };
  std::string text;
  for (std::size_t i = 0; i < message.size();)
  {
    std::size_t end = i;
    while (end < message.size() && isLetter(end))
    {
      ++end;
    }
    end = std::max(end, i + 1); // a word, or one other character
    const std::string word = message.substr(i, end - i);
    const auto        found = files.find(word);
    const bool        isInput = found != files.end() && !found->second.empty();
    text += isInput ? found->second : word;
    if (isInput && i == 0 && end < message.size() && message[end] == ' ')
    {
      text += ':';
    }
    i = end;
  }
  if (message.find("MovingImage") != std::string::npos &&
      files.count(message.substr(0, message.find_first_of(" :"))) == 0)
  {
    text = settings.moving + ": " + text; // about both images
  }
  return text;
}

void
SetLandmarks(RegistrationFilterType * filter, const RegistrationSettings & settings)
{
  if (settings.fixedPoints && settings.movingPoints)
  {
    filter->SetFixedLandmarks(ReadLandmarks(*settings.fixedPoints));
    filter->SetMovingLandmarks(ReadLandmarks(*settings.movingPoints));
  }
}

std::optional<AlignmentRecord>
SetInputs(RegistrationFilterType *     filter,
          const RegistrationSettings & settings,
          const ImageFileInfo &        fixed,
          const ImageFileInfo &        moving,
          ImageSources &               sources,
          RunLog &                     log)
{
  SetLandmarks(filter, settings);
  const auto fixedImage = ReadImage<RealImageType>(fixed);
  filter->SetFixedImage(fixedImage);
  const auto movingReader = ReadImageFrom<RealImageType>(moving);
  sources.emplace_back(movingReader);
  filter->SetMovingImage(movingReader->GetOutput());
  std::vector<RealImageType::Pointer> channels;
  for (const FilePair & channel : settings.channels)
  {
    const auto ofFixed = ReadVolumes(channel.fixed), ofMoving = ReadVolumes(channel.moving);
    for (std::size_t i = 0; i < channel.volumes; ++i)
    {
      filter->AddImagePair(ofFixed.at(i), ofMoving.at(i));
    }
    channels.insert(channels.end(), ofFixed.begin(), ofFixed.end());
    channels.insert(channels.end(), ofMoving.begin(), ofMoving.end());
  }
  MaskImageType::Pointer fixedMask;
  MaskImageType::Pointer movingMask;
  if (settings.fixedMask)
  {
    fixedMask = ReadMask(*settings.fixedMask);
    filter->SetFixedImageMask(fixedMask);
  }
  if (settings.movingMask)
  {
    movingMask = ReadMask(*settings.movingMask);
    filter->SetMovingImageMask(movingMask);
  }
  RealImageType::Pointer incompressibility;
  if (settings.incompressibilityImage)
  {
    incompressibility = ReadImage<RealImageType>(InspectImageFile(*settings.incompressibilityImage));
    filter->SetIncompressibilityImage(incompressibility);
  }
  std::optional<AlignmentRecord> alignment;
  if (const auto transform = MakeInitialTransform(filter, settings, log, alignment))
  {
    filter->SetInitialTransform(transform);
  }
  // Only now, because every filter releases its inputs: as soon as the solver has its copies.
  fixedImage->ReleaseDataFlagOn();
  movingReader->GetOutput()->ReleaseDataFlagOn();
  for (const auto & channel : channels)
  {
    channel->ReleaseDataFlagOn();
  }
  for (const auto & mask : { fixedMask, movingMask })
  {
    if (mask)
    {
      mask->ReleaseDataFlagOn();
    }
  }
  if (incompressibility)
  {
    incompressibility->ReleaseDataFlagOn();
  }
  if (settings.initialVelocity)
  {
    const auto velocity = ReadField(*settings.initialVelocity);
    velocity->ReleaseDataFlagOn();
    filter->SetInitialVelocityField(velocity);
  }
  return alignment;
}

void
SetParameters(RegistrationFilterType * filter, const RegistrationSettings & settings)
{
  filter->SetOptions(settings.options);
  filter->SetUseHistogramMatching(settings.histogramMatching);
  filter->SetComputeInverseDisplacementField(settings.writeInverse);
  filter->SetComputeVelocityField(settings.writeVelocity);
  filter->SetComputeJacobianDeterminantImage(settings.writeDeterminant);
  const auto engine = itk::GaussNewtonRegistrationEngine::New();
  engine->SetGatherOutput(!settings.streamedOutput);
  filter->SetEngine(engine);
}

void
Observe(RegistrationFilterType * filter, RunLog & log)
{
  filter->AddObserver(itk::MultiResolutionIterationEvent(),
                      [=, &log](const itk::EventObject &) { log.PrintLevel(filter->GetCurrentLevelRecord()); });
  filter->AddObserver(itk::IterationEvent(), [=, &log](const itk::EventObject & event) {
    // A MultiResolutionIterationEvent is an IterationEvent as well.
    if (dynamic_cast<const itk::MultiResolutionIterationEvent *>(&event) == nullptr)
    {
      log.PrintIteration(filter->GetCurrentIterationRecord());
    }
  });
  filter->AddObserver(itk::UserEvent(),
                      [=, &log](const itk::EventObject &) { log.PrintMessage(filter->GetLatestMessage()); });
  filter->AddObserver(itk::ProgressEvent(),
                      [=, &log](const itk::EventObject &) { log.ShowProgress(filter->GetProgress()); });
}

} // namespace gnrapp
