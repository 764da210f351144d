// SPDX-License-Identifier: Apache-2.0
#include "TransformInput.h"

#include "common/cli/CommandLineError.h"
#include "ElastixTransform.h"
#include "FlirtTransform.h"
#include "common/io/ImageFiles.h"
#include "common/io/ImageInput.h"
#include "common/io/InputFile.h"
#include "common/cli/LibraryMessages.h"
#include "common/cli/Program.h"
#include "TransformFileCheck.h"

#include "itkAffineTransform.h"
#include "itkCompositeTransform.h"
#include "itkDisplacementFieldTransform.h"
#include "itkMatrixOffsetTransformBase.h"
#include "itkObjectFactoryBase.h"
#include "itkTransformFactory.h"
#include "itkTransformFactoryBase.h"
#include "itkTransformFileReader.h"

#include <algorithm>
#include <exception>
#include <fcntl.h>
#include <new>
#include <unistd.h>

namespace gnrapp
{
namespace
{

/** Nothing is printed on standard error for as long as it lives: the library of HDF5 writes pages there, and the
 * message of this program says it in a sentence. */
class SilentErrors
{
public:
  SilentErrors()
    : m_Kept(dup(STDERR_FILENO))
  {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (m_Kept >= 0 && nowhere >= 0)
    {
      dup2(nowhere, STDERR_FILENO);
    }
    if (nowhere >= 0)
    {
      close(nowhere);
    }
  }
  ~SilentErrors()
  {
    if (m_Kept >= 0)
    {
      dup2(m_Kept, STDERR_FILENO);
      close(m_Kept);
    }
  }
  SilentErrors(const SilentErrors &) = delete;
  SilentErrors &
  operator=(const SilentErrors &) = delete;

private:
  int m_Kept;
};

/** A sentence of what the reader of ITK says, which may go on to list all that it knows. */
std::string
ReasonOf(const std::string & message)
{
  const std::string unknownClass = "Could not create an instance of \"";
  if (message.rfind("Could not create Transform IO", 0) == 0)
  {
    return "it is damaged, or of no known format.";
  }
  if (message.rfind(unknownClass, 0) == 0)
  {
    const std::string rest = message.substr(unknownClass.size());
    return "it holds a transform of the unknown class '" + rest.substr(0, std::min<std::size_t>(rest.find('"'), 60)) +
           "'.";
  }
  constexpr std::size_t longest = 200;
  const std::string     start = message.substr(0, longest);
  return start + (start.empty() || start.back() != '.' ? "." : "");
}

} // namespace

TransformType::Pointer
WithKnownClass(TransformType * transform)
{
  using LinearType = itk::MatrixOffsetTransformBase<double, 3, 3>;
  const auto * const linear = dynamic_cast<const LinearType *>(transform);
  const std::string  name = transform->GetTransformTypeAsString();
  const bool         isBase = name.rfind("MatrixOffsetTransformBase", 0) == 0;
  itk::TransformFactoryBase::RegisterDefaultTransforms();
  if (linear == nullptr || (!isBase && itk::ObjectFactoryBase::CreateInstance(name.c_str()).IsNotNull()))
  {
    return transform;
  }
  const auto affine = itk::AffineTransform<double, 3>::New();
  affine->SetCenter(linear->GetCenter());
  affine->SetMatrix(linear->GetMatrix());
  affine->SetOffset(linear->GetOffset());
  return affine.GetPointer();
}

bool
NeedsFslImages(const std::string & path)
{
  return IsRegularFile(path) && !IsImageName(path) && IsFlirtFile(path);
}

std::vector<std::string>
TransformFilesOf(const std::string & path)
{
  return IsImageName(path) ? std::vector<std::string>{ path } : ElastixFilesOf(path);
}

TransformType::Pointer
ReadTransform(const std::string & path, const std::optional<FslImages> & fslImages)
{
  CheckRegularFile(path, "a transform", "Check the path");
  if (IsImageName(path))
  {
    const auto field = ReadField(path);
    using FieldTransformType = itk::DisplacementFieldTransform<double, 3>;
    const auto copy = FieldTransformType::DisplacementFieldType::New();
    copy->CopyInformation(field);
    copy->SetRegions(field->GetLargestPossibleRegion());
    copy->Allocate();
    std::transform(field->GetBufferPointer(),
                   field->GetBufferPointer() + field->GetLargestPossibleRegion().GetNumberOfPixels(),
                   copy->GetBufferPointer(),
                   [](const auto & vector) { return itk::Vector<double, 3>(vector); });
    const auto transform = FieldTransformType::New();
    transform->SetDisplacementField(copy);
    return transform.GetPointer();
  }
  if (IsElastixFile(path))
  {
    return ReadElastixTransform(path);
  }
  if (IsFlirtFile(path))
  {
    if (!fslImages)
    {
      throw CommandLineError(path +
                             ": is a matrix of FLIRT, which belongs to two images. Give --fsl-images REFERENCE " +
                             "INPUT, those of flirt -ref and -in");
    }
    return ReadFlirtTransform(path, *fslImages);
  }
  CheckTransformFile(path);
  itk::TransformFactoryBase::RegisterDefaultTransforms();
  itk::TransformFactory<itk::MatrixOffsetTransformBase<double, 3, 3>>::RegisterTransform(); // of ANTs and Convert3D
  const auto reader = itk::TransformFileReaderTemplate<double>::New();
  reader->SetFileName(path);
  const auto refuse = [&path](const std::string & reason) {
    if (ReadFileHead(path, 8).find("HDF") == 1)
    {
      LeaveOutCleanup();
    }
    throw CommandLineError(path + ": is not an ITK transform that can be read: " + reason +
                           " Give a .tfm, .txt, .mat or .h5 file as written by ITK, elastix, ANTs or 3D Slicer, or a "
                           "displacement field as .nii.gz, .nrrd or .mha");
  };
  try
  {
    const SilentErrors silent;
    reader->Update();
  }
  catch (const itk::ExceptionObject & error)
  {
    refuse(ReasonOf(PlainDescription(error.GetDescription())));
  }
  catch (const std::bad_alloc &)
  {
    throw;
  }
  catch (const std::exception & error) // of the standard library, while a name or number is taken apart
  {
    refuse("it is damaged (" + std::string(error.what()) + ").");
  }
  catch (...) // the library of HDF5 has exceptions of its own
  {
    refuse("it is damaged.");
  }
  const auto composite = itk::CompositeTransform<double, 3>::New();
  for (const auto & base : *reader->GetTransformList())
  {
    auto * const transform = dynamic_cast<TransformType *>(base.GetPointer());
    if (transform == nullptr)
    {
      throw CommandLineError(path + ": holds a " + base->GetNameOfClass() + " of " +
                             std::to_string(base->GetInputSpaceDimension()) +
                             "-D points. Give a transform of 3-D points");
    }
    CheckTransformNumbers(path, transform);
    composite->AddTransform(WithKnownClass(transform));
  }
  if (composite->IsTransformQueueEmpty())
  {
    throw CommandLineError(path + ": holds no transform. Give a .tfm, .txt, .mat or .h5 file with at least one");
  }
  if (composite->GetNumberOfTransforms() == 1)
  {
    return composite->GetNthTransform(0).GetPointer();
  }
  return composite.GetPointer();
}

} // namespace gnrapp
