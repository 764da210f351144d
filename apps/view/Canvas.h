// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_Canvas_h
#define gnrapp_Canvas_h

#include <vtkImageData.h>
#include <vtkSmartPointer.h>

#include <array>
#include <string>
#include <vector>

namespace gnrapp
{

using Color = std::array<unsigned char, 3>;

/** A rectangle in pixels; y grows downwards, as text runs. */
struct Rectangle
{
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

struct Position
{
  double x = 0;
  double y = 0;
};

struct Segment
{
  Position from;
  Position to;
};

enum class Align
{
  Left,
  Center,
  Right
};

/** A page of colours in memory. Everything is drawn by the processor with VTK's imaging and text, because VTK's render
 * windows need an X server (Debian's VTK has neither EGL nor OSMesa). */
class Canvas
{
public:
  Canvas(int width, int height);

  int
  Width() const
  {
    return m_Width;
  }
  int
  Height() const
  {
    return m_Height;
  }

  void
  SetPixel(int x, int y, const Color & color, double opacity = 1);

  void
  Fill(const Rectangle & area, const Color & color, double opacity = 1);

  /** Lines with smooth edges, cut off at `clip`. Where segments overlap, they cover no more than one does. */
  void
  Draw(const std::vector<Segment> & segments,
       double                       width,
       const Color &                color,
       const Rectangle &            clip,
       double                       opacity = 1);

  /** The outline of an area, inside it. */
  void
  Frame(const Rectangle & area, const Color & color);

  /** One line of UTF-8 text; y is its base line. Returns its width in pixels. */
  int
  Text(const std::string & text,
       Position            position,
       int                 size,
       const Color &       color,
       Align               align = Align::Left,
       bool                bold = false);

  /** 8-bit RGB, for writers and render windows. */
  vtkImageData *
  Image() const
  {
    return m_Image;
  }

private:
  unsigned char *
  At(int x, int y) const;

  int                           m_Width;
  int                           m_Height;
  vtkSmartPointer<vtkImageData> m_Image;
};

/** The text cut to a width by an ellipsis in its middle. */
std::string
Shorten(const std::string & text, int size, int width);

/** Width of a line of text in pixels. */
int
TextWidth(const std::string & text, int size, bool bold = false);

} // namespace gnrapp

#endif
