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
#include "TransformOutput.h"

#include "CommandLineError.h"
#include "Program.h"

#include "itkCompositeTransform.h"
#include "itkDisplacementFieldTransform.h"
#include "itkObjectFactoryBase.h"
#include "itkTransformFactoryBase.h"
#include "itkTransformFileWriter.h"

#include <algorithm>
#include <type_traits>

namespace gnrapp
{
namespace
{

template <typename TValue>
void
WriteAs(const itk::Object * transform, const std::string & path, OutputFiles & files)
{
  itk::TransformFactoryBase::RegisterDefaultTransforms();
  const auto writer = itk::TransformFileWriterTemplate<TValue>::New();
  writer->SetFileName(files.TemporaryFor(path));
  writer->SetInput(transform);
  try
  {
    writer->Update();
  }
  catch (const itk::ExceptionObject & error)
  {
    throw CommandLineError(path + ": cannot be written: " + PlainDescription(error.GetDescription()) +
                             " Is the disk full?",
                           ExitCode::OutOfResources);
  }
}

/** A transform with parameters of another precision. */
template <typename TValue>
typename itk::Transform<TValue, 3, 3>::Pointer
Convert(const TransformType * transform)
{
  if constexpr (std::is_same_v<TValue, double>)
  {
    return const_cast<TransformType *>(transform);
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
  WriteAs<TValue>(composite, path, files);
}

} // namespace

TransformType::Pointer
InvertTransform(const TransformType * transform, const std::string & path)
{
  const TransformType::Pointer inverse = transform->GetInverseTransform().GetPointer();
  if (!inverse)
  {
    throw CommandLineError(path + ": holds a transform without an inverse (" + transform->GetNameOfClass() +
                           "). Invert it beforehand");
  }
  return inverse;
}

void
WriteTransform(const TransformType * transform, const std::string & path, OutputFiles & files)
{
  WriteAs<double>(transform, path, files);
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
