// SPDX-License-Identifier: Apache-2.0
#include "fuzzing.h"

#include "common/map/TransformInput.h"

int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size)
{
  for (const char * const name : { "t.tfm", "t.mat" })
  {
    gnrfuzz::Try([&] {
      const auto transform = gnrapp::ReadTransform(gnrfuzz::FileOf(data, size, name));
      transform->TransformPoint(gnrapp::TransformType::InputPointType());
    });
  }
  return 0;
}
