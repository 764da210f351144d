// SPDX-License-Identifier: Apache-2.0
#include "fuzzing.h"

#include "view/ReportInput.h"

int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size)
{
  gnrfuzz::Try([&] { gnrapp::ReadReport(gnrfuzz::FileOf(data, size, "pair_report.json")); });
  return 0;
}
