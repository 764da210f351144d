// SPDX-License-Identifier: Apache-2.0
#include "fuzzingImages.h"

int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size)
{
  gnrfuzz::ReadImages(gnrfuzz::FileOf(data, size, "image.nrrd"));
  return 0;
}
