// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_TransformInput_h
#define gnrapp_TransformInput_h

#include "itkTransform.h"

#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

using TransformType = itk::Transform<double, 3, 3>;

/** The images that `flirt -ref REFERENCE -in INPUT` was given: its matrix means nothing without them. */
struct FslImages
{
  std::string reference;
  std::string input;
};

/** Reads an ITK transform file (.tfm, .txt, .mat, .h5), or a displacement field (.nii, .nii.gz, .nrrd, .mha, .mhd) as a
 * DisplacementFieldTransform. Several transforms are composed as itk::CompositeTransform does
 * in the order of the file: the last one is applied to a point first. Parameter files of elastix and matrices of FLIRT
 * (text) are read, too. Throws CommandLineError naming the file. */
TransformType::Pointer
ReadTransform(const std::string & path, const std::optional<FslImages> & fslImages = {});

/** Whether it is a file of FLIRT, which needs FslImages; false where there is no such file. */
bool
NeedsFslImages(const std::string & path);

/** The file, and others that it names. */
std::vector<std::string>
TransformFilesOf(const std::string & path);

/** The transform, or an AffineTransform of the same map if it is linear and of a class that no reader of transform
 * files knows by name: MatrixOffsetTransformBase, as ANTs and c3d write it, or Rigid3DTransform, the inverse of rigid
 * ones. */
TransformType::Pointer
WithKnownClass(TransformType * transform);

} // namespace gnrapp

#endif
