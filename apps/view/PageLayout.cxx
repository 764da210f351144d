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
#include "view/PageLayout.h"

#include <algorithm>
#include <cmath>

namespace gnrapp
{

PageLayout::PageLayout(const RegistrationResult &       result,
                       const VoxelRegion &              region,
                       const std::array<PlaneView, 3> & planes)
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    spacing[axis] = result.fixed->GetSpacing()[axis];
  }
  const auto mm = [&](unsigned int axis) { return spacing[axis] * static_cast<double>(region.size[axis]); };
  double     across = 0;
  double     down = 0;
  for (const PlaneView & plane : planes)
  {
    across += mm(plane.horizontal);
    down = std::max(down, mm(plane.vertical));
  }
  const double room = (pageWidth - 2 * margin - barSpace - groupGap) / 2.0 - 2 * gap;
  scale = std::min(room / across, 420 / down);
  for (unsigned int p = 0; p < 3; ++p)
  {
    width[p] = std::max(8, static_cast<int>(std::lround(scale * mm(planes[p].horizontal))));
    height[p] = std::max(8, static_cast<int>(std::lround(scale * mm(planes[p].vertical))));
    rowHeight = std::max(rowHeight, height[p]);
  }
}

} // namespace gnrapp
