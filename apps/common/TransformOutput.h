// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_TransformOutput_h
#define gnrapp_TransformOutput_h

#include "ImageInput.h"
#include "OutputFiles.h"
#include "TransformInput.h"

#include <string>

namespace gnrapp
{

enum class TransformPrecision
{
  Float,
  Double
};

/** The inverse of a transform. Throws CommandLineError naming `path` if it has none. */
TransformType::Pointer
InvertTransform(const TransformType * transform, const std::string & path);

/** Writes a transform as an ITK transform file, its format by the extension of `path` (.tfm, .h5, .mat), under a
 * temporary name of `files`. Throws CommandLineError naming the file. */
void
WriteTransform(const TransformType * transform, const std::string & path, OutputFiles & files);
void
WriteTransform(const itk::Transform<float, 3, 3> * transform, const std::string & path, OutputFiles & files);

/** Which of two maps a composite applies to a point first. */
enum class CompositeOrder
{
  FieldFirst,    ///< x -> T(x + u(x))
  TransformFirst ///< y -> p + w(p), p = T(y)
};

/** Writes an itk::CompositeTransform of a displacement field and a transform (null: the identity, which is left out) as
 * WriteTransform() does; flat, as other programs expect it. */
void
WriteComposite(const FieldType *     field,
               const TransformType * transform,
               CompositeOrder        order,
               TransformPrecision    precision,
               const std::string &   path,
               OutputFiles &         files);

} // namespace gnrapp

#endif
