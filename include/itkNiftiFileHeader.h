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
#ifndef itkNiftiFileHeader_h
#define itkNiftiFileHeader_h

#include "GaussNewtonRegistrationExport.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace itk
{

/** Bytes that are enough to read a header of either version. */
constexpr std::size_t niftiFileHeaderBytes = 540;

/** A number of a file, of either byte order. */
template <typename T>
T
NiftiNumberAt(const char * bytes, bool swap)
{
  char raw[sizeof(T)];
  std::memcpy(raw, bytes, sizeof(T));
  if (swap)
  {
    std::reverse(raw, raw + sizeof(T));
  }
  T value;
  std::memcpy(&value, raw, sizeof(T));
  return value;
}

/** \struct NiftiFileHeader
 * \brief What ITK does not tell of a NIfTI-1 or NIfTI-2 image whose header and voxels are in one file.
 * \ingroup GaussNewtonRegistration
 */
struct NiftiFileHeader
{
  bool          swap = false;    ///< the file has the other byte order
  std::size_t   intentPlace = 0; ///< of the intent code in the file
  std::size_t   intentBytes = 0; ///< 2 or 4
  int           intent = 0;
  std::uint64_t begin = 0; ///< of the voxels in the file, bytes
  std::uint64_t end = 0;
  int           type = 0;       ///< the datatype code
  std::size_t   floatBytes = 0; ///< 4 or 8; 0 if the voxels are integers
  double        slope = 0.0;    ///< scl_slope; 0: voxels are taken as they are
  double        intercept = 0.0;
};

/** \param head the first bytes of the file, niftiFileHeaderBytes or all of a shorter one. Nothing for other files. */
GaussNewtonRegistration_EXPORT std::optional<NiftiFileHeader>
                               ParseNiftiFileHeader(const std::string & head);

} // namespace itk

#endif
