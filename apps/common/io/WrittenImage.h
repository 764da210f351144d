// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_WrittenImage_h
#define gnrapp_WrittenImage_h

#include <cstddef>
#include <string>

namespace gnrapp
{

/** Throws CommandLineError unless the image file `temporary`, that becomes `path`, holds all of its voxels: ITK's
 * writers go on when the disk is full and say nothing. A .nii or .mha file must have the length that its header
 * promises, a .nrrd file must expand to the voxels with the right check sum.
 * \param bytes of all voxels */
void
CheckWrittenImage(const std::string & temporary, const std::string & path, std::size_t bytes);

/** Throws CommandLineError unless the uncompressed MetaImage `temporary`, that becomes `path`, holds these voxels.
 * \param fileBytes of all voxels of the file
 * \param offset where these begin among them, in bytes */
void
CheckWrittenSlab(const std::string & temporary,
                 const std::string & path,
                 std::size_t         fileBytes,
                 const void *        voxels,
                 std::size_t         offset,
                 std::size_t         bytes);

} // namespace gnrapp

#endif
