// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_TransformOutput_h
#define gnrapp_TransformOutput_h

#include "common/io/ImageInput.h"
#include "common/io/OutputFiles.h"
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

/** The inverse of a transform for a file, for images on the grid of `image`: as InvertTransform(), or, of a transform
 * that has none in closed form (B-splines), a displacement field of the voxels of that grid, each inverted to 1e-3 mm.
 * Between voxels that is interpolated, and beyond the grid it is the identity. Throws CommandLineError naming `path` if
 * a voxel cannot be inverted. */
TransformType::Pointer
InvertTransformFor(const TransformType * transform, const itk::ImageBase<3> * image, const std::string & path);

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
