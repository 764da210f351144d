// SPDX-License-Identifier: Apache-2.0
#include "TransformOutput.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/LibraryMessages.h"

#include "itkCompositeTransform.h"
#include "itkDisplacementFieldTransform.h"
#include "itkObjectFactoryBase.h"
#include "itkTransformFactoryBase.h"
#include "itkTransformFileReader.h"
#include "itkTransformFileWriter.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <type_traits>

namespace gnrapp
{
namespace
{

/** Within rounding: some transforms normalise the numbers that they are given. */
template <typename TArray>
bool
AreSameNumbers(const TArray & a, const TArray & b)
{
  using ValueType = typename TArray::ValueType;
  constexpr ValueType tolerance = 64 * std::numeric_limits<ValueType>::epsilon();
  return a.Size() == b.Size() && std::equal(a.begin(), a.end(), b.begin(), [](ValueType x, ValueType y) {
           return std::abs(x - y) <= tolerance * std::max(ValueType{ 1 }, std::abs(x));
         });
}

/** The same class and the same numbers, in every part of a composite one. */
template <typename TValue>
bool
IsSameTransform(const itk::TransformBaseTemplate<TValue> * a, const itk::TransformBaseTemplate<TValue> * b)
{
  using CompositeType = itk::CompositeTransform<TValue, 3>;
  const auto * const parts = dynamic_cast<const CompositeType *>(a);
  const auto * const others = dynamic_cast<const CompositeType *>(b);
  if (!parts || !others)
  {
    return a->GetTransformTypeAsString() == b->GetTransformTypeAsString() &&
           AreSameNumbers(a->GetFixedParameters(), b->GetFixedParameters()) &&
           AreSameNumbers(a->GetParameters(), b->GetParameters());
  }
  if (parts->GetNumberOfTransforms() != others->GetNumberOfTransforms())
  {
    return false;
  }
  for (itk::SizeValueType i = 0; i < parts->GetNumberOfTransforms(); ++i)
  {
    if (!IsSameTransform<TValue>(parts->GetNthTransformConstPointer(i), others->GetNthTransformConstPointer(i)))
    {
      return false;
    }
  }
  return true;
}

bool
IsText(const std::string & path)
{
  const std::string extension = std::filesystem::path(path).extension().string();
  return extension == ".tfm" || extension == ".txt";
}

/** Whether the last line is complete: without its end, a number in it may be shorter than it was. */
bool
EndsLine(const std::string & path)
{
  std::ifstream in(path, std::ios::binary);
  in.seekg(-1, std::ios::end);
  return in.get() == '\n';
}

/** Writes a transform, and reads it back: the writers say nothing when the disk is full. */
template <typename TValue>
void
WriteAs(const itk::TransformBaseTemplate<TValue> * transform, const std::string & path, OutputFiles & files)
{
  itk::TransformFactoryBase::RegisterDefaultTransforms();
  const std::string temporary = files.TemporaryFor(path);
  bool              isWritten = false;
  std::string       reason;
  try
  {
    const SilentLibraries silence;
    const auto            writer = itk::TransformFileWriterTemplate<TValue>::New();
    writer->SetFileName(temporary);
    writer->SetInput(transform);
    writer->Update();
    const auto reader = itk::TransformFileReaderTemplate<TValue>::New();
    reader->SetFileName(temporary);
    reader->Update();
    const auto * const list = reader->GetTransformList();
    isWritten =
      list->size() == 1 && IsSameTransform<TValue>(list->front(), transform) && (!IsText(path) || EndsLine(temporary));
  }
  catch (const itk::ExceptionObject & error)
  {
    reason = WriterReason(error.GetDescription(), temporary, path);
  }
  if (!isWritten)
  {
    LeaveOutCleanup();
    ThrowNotWritten(path, reason);
  }
}

/** A transform with parameters of another precision. */
template <typename TValue>
typename itk::Transform<TValue, 3, 3>::Pointer
Convert(const TransformType * original)
{
  const TransformType::Pointer transform = WithKnownClass(const_cast<TransformType *>(original));
  if constexpr (std::is_same_v<TValue, double>)
  {
    return transform;
  }
  else
  {
    // By name, as the reader of transform files does it.
    itk::TransformFactoryBase::RegisterDefaultTransforms();
    std::string       name = transform->GetTransformTypeAsString();
    const std::string from = "_double_";
    const auto        at = name.find(from);
    if (at != std::string::npos)
    {
      name.replace(at, from.size(), "_float_");
    }
    const itk::LightObject::Pointer object = itk::ObjectFactoryBase::CreateInstance(name.c_str());
    auto * const                    result = dynamic_cast<itk::Transform<TValue, 3, 3> *>(object.GetPointer());
    if (!result)
    {
      throw CommandLineError(std::string("--composite-precision: a ") + transform->GetNameOfClass() +
                             " has no single precision. Give --composite-precision double");
    }
    result->SetFixedParameters(transform->GetFixedParameters());
    const auto &                                          parameters = transform->GetParameters();
    typename itk::Transform<TValue, 3, 3>::ParametersType converted(parameters.Size());
    for (itk::SizeValueType i = 0; i < parameters.Size(); ++i)
    {
      converted[i] = static_cast<TValue>(parameters[i]);
    }
    result->SetParametersByValue(converted);
    return result;
  }
}

template <typename TValue>
typename itk::DisplacementFieldTransform<TValue, 3>::Pointer
MakeFieldTransform(const FieldType * field)
{
  using ResultType = itk::DisplacementFieldTransform<TValue, 3>;
  const auto result = ResultType::New();
  if constexpr (std::is_same_v<TValue, float>)
  {
    result->SetDisplacementField(const_cast<FieldType *>(field));
  }
  else
  {
    const auto copy = ResultType::DisplacementFieldType::New();
    copy->CopyInformation(field);
    copy->SetRegions(field->GetLargestPossibleRegion());
    copy->Allocate();
    const std::size_t count = field->GetLargestPossibleRegion().GetNumberOfPixels();
    std::transform(field->GetBufferPointer(),
                   field->GetBufferPointer() + count,
                   copy->GetBufferPointer(),
                   [](const auto & vector) { return itk::Vector<double, 3>(vector); });
    result->SetDisplacementField(copy);
  }
  return result;
}

/** Adds a transform, or the parts of a composite one. */
template <typename TValue>
void
AddTo(itk::CompositeTransform<TValue, 3> * composite, const TransformType * transform)
{
  if (const auto * parts = dynamic_cast<const itk::CompositeTransform<double, 3> *>(transform))
  {
    for (itk::SizeValueType i = 0; i < parts->GetNumberOfTransforms(); ++i)
    {
      AddTo(composite, parts->GetNthTransformConstPointer(i));
    }
  }
  else if (transform)
  {
    composite->AddTransform(Convert<TValue>(transform));
  }
}

template <typename TValue>
void
WriteCompositeAs(const FieldType *     field,
                 const TransformType * transform,
                 CompositeOrder        order,
                 const std::string &   path,
                 OutputFiles &         files)
{
  // A composite applies the transform that was added last first.
  const auto composite = itk::CompositeTransform<TValue, 3>::New();
  if (order == CompositeOrder::FieldFirst)
  {
    AddTo(composite.GetPointer(), transform);
    composite->AddTransform(MakeFieldTransform<TValue>(field));
  }
  else
  {
    composite->AddTransform(MakeFieldTransform<TValue>(field));
    AddTo(composite.GetPointer(), transform);
  }
  WriteAs<TValue>(composite.GetPointer(), path, files);
}

} // namespace

TransformType::Pointer
InvertTransform(const TransformType * transform, const std::string & path)
{
  const TransformType::Pointer inverse = transform->GetInverseTransform().GetPointer();
  if (!inverse)
  {
    throw CommandLineError(
      path + ": holds a transform without an inverse" +
      (transform->IsLinear()
         ? std::string(": its matrix is singular. Give another one")
         : std::string(" that a file could hold (") + transform->GetNameOfClass() +
             "). Leave out the inverse; gnr-apply --invert inverts such transforms point by point"));
  }
  return WithKnownClass(inverse);
}

void
WriteTransform(const TransformType * transform, const std::string & path, OutputFiles & files)
{
  WriteAs<double>(WithKnownClass(const_cast<TransformType *>(transform)).GetPointer(), path, files);
}

void
WriteTransform(const itk::Transform<float, 3, 3> * transform, const std::string & path, OutputFiles & files)
{
  WriteAs<float>(transform, path, files);
}

void
WriteComposite(const FieldType *     field,
               const TransformType * transform,
               CompositeOrder        order,
               TransformPrecision    precision,
               const std::string &   path,
               OutputFiles &         files)
{
  precision == TransformPrecision::Float ? WriteCompositeAs<float>(field, transform, order, path, files)
                                         : WriteCompositeAs<double>(field, transform, order, path, files);
}

} // namespace gnrapp
