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
#include "InputFile.h"

#include "CommandLineError.h"

#include <filesystem>
#include <system_error>

namespace gnrapp
{

void
CheckInputFile(const std::string & path, const std::string & what, const std::string & remedy)
{
  std::error_code none;
  const auto      status = std::filesystem::status(path, none);
  if (!std::filesystem::exists(status))
  {
    throw CommandLineError(path + ": no such file. " + remedy);
  }
  if (std::filesystem::is_directory(status))
  {
    throw CommandLineError(path + ": is a folder, not " + what + ". " + remedy);
  }
}

} // namespace gnrapp
