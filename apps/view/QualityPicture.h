// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_QualityPicture_h
#define gnrapp_QualityPicture_h

#include "common/io/OutputFiles.h"
#include "view/Canvas.h"
#include "view/ColorScale.h"
#include "view/PlaneSlices.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

struct PageLayout;

/** One plane of one kind of image on the page. */
struct Panel
{
  std::string name; ///< fixed, moving, warped, checkerboard, difference-before, difference-after, grid, determinant
  PlaneView   plane;
  Rectangle   area;
  double      black = 0; ///< what is shown at the two ends of the scale, in the units of the panel
  double      white = 1;
};

/** The page that shows what a registration did: eight kinds of panels in three planes, curves and numbers. */
class QualityPicture
{
public:
  /** The page for planes through `point`, and through all others in the object. */
  QualityPicture(const RegistrationResult & result, bool neurological, const VoxelIndex & point);

  /** Draws everything anew, with the planes through a point of Region(). */
  void
  Draw(const VoxelIndex & point);

  const Canvas &
  Page() const
  {
    return m_Canvas;
  }
  const std::vector<Panel> &
  Panels() const
  {
    return m_Panels;
  }
  const VoxelIndex &
  Point() const
  {
    return m_Point;
  }

  /** The voxels that are shown. */
  const VoxelRegion &
  Region() const
  {
    return m_Region;
  }

  /** The panel under a pixel; null where there is none. */
  const Panel *
  PanelAt(int x, int y) const;

  /** The voxel that a pixel of a panel shows. */
  VoxelIndex
  VoxelAt(const Panel & panel, int x, int y) const;

  /** Writes the page as PNG, under a temporary name of `files`. Its text chunk `gnr-view` says, as JSON, where each
   * panel is and what its shades mean. */
  void
  Write(const std::string & path, OutputFiles & files) const;

private:
  void
  DrawHeader();
  void
  DrawPanels(unsigned int plane);
  void
  DrawGrid(const Panel & panel, const PlaneSlices & slices);
  void
  DrawFolds(const Panel & panel, const PlaneSlices & slices);
  void
  DrawLetters(const Panel & panel);
  void
  DrawCurves();
  void
  DrawNumbers();
  std::string
  Description() const;

  const RegistrationResult &        m_Result;
  bool                              m_Neurological;
  VoxelRegion                       m_Region;
  std::array<PlaneView, 3>          m_Planes;
  std::shared_ptr<const PageLayout> m_Layout;
  Canvas                            m_Canvas;
  IntensityMap                      m_IntensityMap; ///< of moving, before it is subtracted from
  VoxelIndex                        m_Point{};
  std::vector<Panel>                m_Panels;
  std::vector<PlaneSlices>          m_Slices;
  ColorScale                        m_DifferenceScale;
  ColorScale                        m_DeterminantScale;
  double                            m_GridStep = 1; ///< mm between the lines of the deformed grid
};

} // namespace gnrapp

#endif
