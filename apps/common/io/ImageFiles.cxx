// SPDX-License-Identifier: Apache-2.0
#include "ImageFiles.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "InputFile.h"
#include "MetaImageHeader.h"
#include "NiftiInput.h"
#include "NrrdHeader.h"

#include <algorithm>
#include <initializer_list>

namespace gnrapp
{
namespace
{

bool
EndsWithAny(const std::string & text, std::initializer_list<const char *> ends)
{
  return std::any_of(ends.begin(), ends.end(), [&](const char * end) { return EndsWith(text, end); });
}

bool
IsMetaImageName(const std::string & path)
{
  return EndsWithAny(path, { ".mha", ".mhd" });
}

bool
IsNrrdName(const std::string & path)
{
  return EndsWithAny(path, { ".nrrd", ".nhdr" });
}

} // namespace

bool
IsImageName(const std::string & path)
{
  return IsNiftiName(path) || IsMetaImageName(path) || IsNrrdName(path);
}

void
CheckImageHeader(const std::string & path)
{
  CheckRegularFile(path, "an image file", "Check the path; convert a DICOM series to NIfTI first");
  if (IsNiftiName(path))
  {
    ReadNiftiHeader(path);
  }
  else if (IsMetaImageName(path))
  {
    CheckMetaImageHeader(path);
  }
  else if (IsNrrdName(path))
  {
    CheckNrrdHeader(path);
  }
  else
  {
    throw CommandLineError(path + ": is not an image in a known format. Give NIfTI (.nii, .nii.gz), NRRD or MetaImage");
  }
}

std::vector<std::string>
FilesOf(const std::string & path)
{
  if (IsNiftiName(path))
  {
    return NiftiFilesOf(path);
  }
  const bool isThere = IsRegularFile(path); // what is not is told where it is read
  if (isThere && IsMetaImageName(path))
  {
    return { path, CheckMetaImageHeader(path) };
  }
  if (isThere && IsNrrdName(path))
  {
    return { path, CheckNrrdHeader(path) };
  }
  return { path };
}

} // namespace gnrapp
