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
#ifndef itkGaussNewtonRegistrationVoxelLayout_h
#define itkGaussNewtonRegistrationVoxelLayout_h

#include "itkImageIOBase.h"
#include "itkNiftiFileHeader.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace itk
{
namespace GaussNewtonRegistrationVoxels
{

/** Where and how the voxels of an image lie in a file, one after the other with x fastest and components together. */
struct Layout
{
  std::string     obstacle;           ///< why they do not, in words as `it is compressed`; nothing else is set then
  std::string     file;               ///< the one with the voxels
  std::uint64_t   begin = 0;          ///< bytes before them
  bool            isAtEnd = false;    ///< they are the last ones in the file instead
  bool            swap = false;       ///< the file has the other byte order
  bool            isRescaled = false; ///< in memory: slope * component + intercept, which are real numbers
  IOComponentEnum type = IOComponentEnum::UNKNOWNCOMPONENTTYPE; ///< of a component in the file
  std::size_t     componentBytes = 0;                           ///< in the file
  double          slope = 1.0;
  double          intercept = 0.0;
};

/** Of a NIfTI file that is not compressed; its header has no fault. */
Layout
FindLayout(const std::string & fileName, const NiftiFileHeader & header);

/** Of a file of another format.
 * \param io ITK's reader of the file, which has read the header */
Layout
FindLayout(const ImageIOBase & io);

} // namespace GaussNewtonRegistrationVoxels
} // namespace itk

#endif
