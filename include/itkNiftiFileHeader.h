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

#include "itkMatrix.h"
#include "itkPoint.h"
#include "itkVector.h"

#include <algorithm>
#include <array>
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

/** \struct NiftiPlacement
 * \brief From indices to points: x = matrix * index + origin; LPS, mm.
 * \ingroup GaussNewtonRegistration
 */
struct NiftiPlacement
{
  Matrix<double, 3, 3> matrix{};
  Point<double, 3>     origin{};
};

/** \struct NiftiFileHeader
 * \brief What the header of a NIfTI-1 or NIfTI-2 image says, read without a library.
 *
 * Lengths are in mm whatever the unit of the file, coordinates are LPS as in ITK.
 * \ingroup GaussNewtonRegistration
 */
struct NiftiFileHeader
{
  /** Why the image cannot be used, in words that follow the name of the file and `: its header`; nothing: it can. */
  std::string fault;

  bool                         swap = false;    ///< the file has the other byte order
  bool                         isPair = false;  ///< the voxels are in another file
  std::size_t                  intentPlace = 0; ///< of the intent code in the file
  std::size_t                  intentBytes = 0; ///< 2 or 4
  int                          intent = 0;
  std::string                  intentName;
  double                       intentParameter = 0.0; ///< intent_p1
  unsigned int                 axes = 0;
  std::array<std::uint64_t, 7> size{};    ///< 1 along the axes that the file does not have
  std::uint64_t                begin = 0; ///< of the voxels in the file that holds them, bytes
  std::uint64_t                end = 0;
  int                          type = 0;       ///< the datatype code
  std::size_t                  valueBytes = 0; ///< of one voxel, or of one component of a vector
  std::size_t                  floatBytes = 0; ///< 4 or 8; 0 if the voxels are integers
  double                       slope = 1.0;    ///< scl_slope; 1 if the file has 0, which stands for none
  double                       intercept = 0.0;
  double                       unit = 1.0; ///< of length, mm
  std::array<double, 3>        spacing{};  ///< pixdim, mm
  int                          qformCode = 0;
  int                          sformCode = 0;
  NiftiPlacement               qform; ///< if its code is above 0
  NiftiPlacement               sform; ///< likewise

  /** Whether the voxels are vectors, one component after the other in the file. */
  bool
  HoldsVectors() const
  {
    constexpr int symmetricMatrix = 1005;
    constexpr int displacement = 1006;
    constexpr int vector = 1007;
    return intent == symmetricMatrix || intent == displacement || intent == vector;
  }
};

/** \struct NiftiGeometry
 * \brief The grid of a NIfTI image as an itk::Image has it.
 * \ingroup GaussNewtonRegistration
 */
struct NiftiGeometry
{
  Vector<double, 3>    spacing{ 1.0 };
  Point<double, 3>     origin{};
  Matrix<double, 3, 3> direction{};
  bool                 isSform = false; ///< which of the two was taken
};

/** \param head the first bytes of the file, niftiFileHeaderBytes or all of a shorter one. Nothing for other files. */
GaussNewtonRegistration_EXPORT std::optional<NiftiFileHeader>
                               ParseNiftiFileHeader(const std::string & head);

/** Where the image lies, by the rule of ITK 5.4: the sform if it is the only one, or says scanner coordinates, or
 * equals the qform; else the qform; without either, at the origin along the axes. Of a header without a fault. */
GaussNewtonRegistration_EXPORT NiftiGeometry
GeometryOf(const NiftiFileHeader & header);

/** How far the points of two placements of an image are apart at its corners, at most; mm. */
GaussNewtonRegistration_EXPORT double
LargestCornerDistance(const NiftiFileHeader & header, const NiftiPlacement & a, const NiftiPlacement & b);

} // namespace itk

#endif
