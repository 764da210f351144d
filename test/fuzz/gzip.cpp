// SPDX-License-Identifier: Apache-2.0
#include "fuzzingImages.h"

#include "common/io/GzipFile.h"

int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size)
{
  constexpr std::uint64_t most = 1 << 20;
  const std::string       path = gnrfuzz::FileOf(data, size, "image.nii.gz");
  gnrfuzz::Try([&] {
    std::uint64_t seen = 0;
    const auto content = gnrapp::ScanGzip(path, [&seen](const char *, std::size_t bytes) { seen += bytes; }, 0, most);
    if (content.bytes != seen || seen > 2 * most)
    {
      std::abort();
    }
    const std::size_t head = 540;
    if (gnrapp::ReadGzipHead(path, head).size() > head)
    {
      std::abort();
    }
  });
  gnrfuzz::ReadImages(path);
  return 0;
}
