// SPDX-License-Identifier: Apache-2.0
#include "kernels/Plugin.h"

#include "gnr/Error.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace gnr
{
namespace
{

bool
exists(const std::string & file)
{
  return std::ifstream(file).good();
}

} // namespace

std::string
ownFolder()
{
  Dl_info     info{};
  std::string file;
  if (dladdr(reinterpret_cast<void *>(&pluginFile), &info) != 0 && info.dli_fname != nullptr)
  {
    file = info.dli_fname;
  }
  if (file.find('/') == std::string::npos) // a program that was found by PATH
  {
    std::error_code none;
    file = std::filesystem::read_symlink("/proc/self/exe", none).string();
  }
  return file.substr(0, file.rfind('/') + 1);
}

std::string
pluginFile(const std::string & name)
{
  const std::string file = name + ".so";
  if (const char * folder = std::getenv("GNR_PLUGIN_PATH"))
  {
    return std::string(folder) + "/" + file;
  }
  const std::string beside = ownFolder() + file;
  // A program that the library is linked into may have it in the folder of libraries.
  const std::string other = ownFolder() + "../lib/" + file;
  return !exists(beside) && exists(other) ? other : beside;
}

void *
pluginFunction(const std::string & name,
               const std::string & function,
               const std::string & purpose,
               const std::string & remedy)
{
  const std::string file = pluginFile(name);
  if (!exists(file))
  {
    throw Error(ErrorKind::BadInput, purpose + ": the plugin " + file + " does not exist; " + remedy);
  }
  void * const plugin = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr)
  {
    const char * reason = dlerror();
    throw Error(ErrorKind::BadInput,
                purpose + ": the plugin " + file + " cannot be opened: " + (reason != nullptr ? reason : "no reason") +
                  "; " + remedy);
  }
  using Version = const char * (*)();
  const auto version = reinterpret_cast<Version>(dlsym(plugin, "gnrPluginVersion"));
  if (version == nullptr || std::string(version()) != pluginVersion())
  {
    throw Error(ErrorKind::BadInput,
                purpose + ": the plugin " + file + " is of " + (version != nullptr ? version() : "another program") +
                  ", and this is " + pluginVersion() + "; install both from one build");
  }
  void * const result = dlsym(plugin, function.c_str());
  if (result == nullptr)
  {
    throw Error(ErrorKind::BadInput,
                purpose + ": the plugin " + file + " has no function " + function + "; install it again");
  }
  return result;
}

} // namespace gnr
