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
#ifndef itkNiftiVoxels_h
#define itkNiftiVoxels_h

#include "itkNiftiFileHeader.h"

#include "itkImageIOBase.h"

namespace itk
{

/** The type of the values in a NIfTI file; UNKNOWNCOMPONENTTYPE for complex numbers. */
GaussNewtonRegistration_EXPORT IOComponentEnum
NiftiTypeInFile(const NiftiFileHeader & header);

/** Whether slope and intercept change the values. */
GaussNewtonRegistration_EXPORT bool
IsNiftiRescaled(const NiftiFileHeader & header);

/** Tells a reader of images what the header says: grid, types and components, as itk::NiftiImageIO does it, which makes
 * integers that are rescaled floats. Axes of length 1 after the third are left out. */
GaussNewtonRegistration_EXPORT void
DescribeNifti(const NiftiFileHeader & header, ImageIOBase & io);

/** Reverses the bytes of each value.
 * \param bytesEach 1, 2, 4 or 8 */
GaussNewtonRegistration_EXPORT void
SwapNiftiBytes(char * values, std::size_t count, std::size_t bytesEach);

/** Converts values of a file to those in memory: first to that type, then slope and intercept in double precision, as
 * itk::NiftiImageIO does it.
 * \param memoryType FLOAT or DOUBLE
 * \param stride between values in memory, in values: the number of components, where the file keeps those apart */
GaussNewtonRegistration_EXPORT void
RescaleNiftiValues(IOComponentEnum fileType,
                   const char *    file,
                   std::size_t     count,
                   double          slope,
                   double          intercept,
                   IOComponentEnum memoryType,
                   char *          memory,
                   std::size_t     stride = 1);

} // namespace itk

#endif
