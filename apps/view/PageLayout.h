// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PageLayout_h
#define gnrapp_PageLayout_h

#include "view/Canvas.h"
#include "view/PlaneView.h"
#include "view/RegistrationResult.h"

#include <array>

namespace gnrapp
{

constexpr int pageWidth = 1800;
constexpr int margin = 24;
constexpr int gap = 6;       ///< between the panels of a group
constexpr int groupGap = 36; ///< between the two groups of a row
constexpr int barSpace = 96; ///< for the colour bars, on the right
constexpr int headerHeight = 78;
constexpr int titleHeight = 34;
constexpr int rowGap = 18;
constexpr int footHeight = 410;
constexpr int plotWidth = 520;
constexpr int plotGap = 40;
constexpr int titleSize = 19;
constexpr int smallSize = 16;
constexpr int letterSize = 15;

/** What a group of panels shows. */
struct Kind
{
  const char * name;
  const char * title;
};
constexpr std::array<Kind, 8> kinds{ { { "fixed", "Fixed image" },
                                       { "moving", "Moving image, before registration" },
                                       { "warped", "Moving image, warped" },
                                       { "checkerboard", "Checkerboard of fixed and warped" },
                                       { "difference-before", "Difference before: moving − fixed" },
                                       { "difference-after", "Difference after: warped − fixed" },
                                       { "grid", "Grid of the moving image, deformed onto the fixed" },
                                       { "determinant", "det(I + ∇u): volume in moving per volume in fixed" } } };

/** Pixels per voxel along one axis of a panel. */
inline double
ScaleOf(int pixels, long voxels)
{
  return static_cast<double>(pixels) / static_cast<double>(voxels);
}

/** Where things are on the page of QualityPicture; the same for every point. Pixels, from the upper left corner. */
struct PageLayout
{
  double                scale = 1; ///< pixels per mm
  int                   rowHeight = 0;
  std::array<int, 3>    width{}; ///< of the panels
  std::array<int, 3>    height{};
  std::array<double, 3> spacing{};

  PageLayout(const RegistrationResult & result, const VoxelRegion & region, const std::array<PlaneView, 3> & planes);

  int
  GroupWidth() const
  {
    return width[0] + width[1] + width[2] + 2 * gap;
  }
  int
  GroupLeft(std::size_t kind) const
  {
    return margin + (kind % 2 == 0 ? 0 : GroupWidth() + groupGap);
  }
  int
  RowTop(std::size_t kind) const
  {
    return headerHeight + static_cast<int>(kind / 2) * (titleHeight + rowHeight + rowGap) + titleHeight;
  }
  Rectangle
  BarArea(std::size_t kind) const
  {
    return { GroupLeft(1) + GroupWidth() + 20, RowTop(kind), 18, rowHeight };
  }
  Rectangle
  PlotArea(int number) const
  {
    return { margin + number * (plotWidth + plotGap), FootTop(), plotWidth, footHeight - 70 };
  }
  int
  FootTop() const
  {
    return RowTop(kinds.size() - 1) + rowHeight + 2 * rowGap;
  }
  Rectangle
  PanelArea(std::size_t kind, unsigned int plane) const
  {
    int x = GroupLeft(kind);
    for (unsigned int p = 0; p < plane; ++p)
    {
      x += width[p] + gap;
    }
    return { x, RowTop(kind) + (rowHeight - height[plane]) / 2, width[plane], height[plane] };
  }
};

} // namespace gnrapp

#endif
