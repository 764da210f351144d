// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_fuzz_fuzzing_h
#define gnr_test_fuzz_fuzzing_h

#include "common/cli/CommandLineError.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

/** Called by libFuzzer. */
extern "C" int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size);

namespace gnrfuzz
{

/** A file of these bytes in memory, which is gone with the process. */
inline std::string
FileOf(const std::uint8_t * data, std::size_t size, const std::string & name)
{
  static const std::string folder = [] {
    const bool        hasMemory = std::filesystem::is_directory("/dev/shm");
    const std::string made = std::string(hasMemory ? "/dev/shm" : "/tmp") + "/gnr-fuzz-" + std::to_string(getpid());
    std::filesystem::create_directory(made);
    static std::string kept;
    kept = made;
    std::atexit([] {
      std::error_code ignored;
      std::filesystem::remove_all(kept, ignored);
    });
    return made;
  }();
  const std::string path = folder + "/" + name;
  std::ofstream     out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char *>(data), static_cast<std::streamsize>(size));
  return path;
}

/** Runs what may refuse its input in one way only; every other exception is a finding. */
template <typename TCall>
void
Try(TCall call)
{
  try
  {
    call();
  }
  catch (const gnrapp::CommandLineError & error)
  {
    const std::string text = error.what();
    if (error.GetExitCode() != gnrapp::ExitCode::BadInput || text.size() > 2000 || text.find(": ") == std::string::npos)
    {
      std::fprintf(stderr, "no message for a user: %s\n", text.c_str());
      std::abort();
    }
  }
}

} // namespace gnrfuzz

#endif
