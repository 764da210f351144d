// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_SpectralPieces_h
#define gnr_kernels_SpectralPieces_h

#include "kernels/DeviceSizes.h"
#include "kernels/types.h"

#include <algorithm>
#include <cstddef>

namespace gnr
{

/** In which pieces a GPU transforms a spectrum: as large as the second-level cache allows, so that what one kernel
 * writes the next one reads from there. Without device code, since memory is planned where there is none, too. */
struct SpectralPieces
{
  /** Whether components lie as Kernels::joinsComponents() says. */
  static bool
  isJoined(const SpectrumLayout & layout, int components)
  {
    return components > 1 && layout.rowStride == static_cast<std::ptrdiff_t>(components) * layout.nxHalf();
  }

  /** Columns that lie side by side in a row: those of all components where these are joined. */
  static int
  widthOf(const SpectrumLayout & layout, int components)
  {
    return isJoined(layout, components) ? components * layout.nxHalf() : layout.nxHalf();
  }

  /** Bytes of a row of so many components, along all of z. */
  static std::size_t
  rowBytes(const SpectrumLayout & layout, int components)
  {
    return sizeof(Complex) * layout.nxHalf() * components * layout.size[2];
  }

  /** Rows that are transformed along z at once, all components together. Where they do not follow one another without
   * gaps each is a piece. */
  static int
  rowsAtOnce(const SpectrumLayout & layout, int components)
  {
    const bool isFlat = layout.rowStride == widthOf(layout, components);
    return isFlat
             ? static_cast<int>(std::max<std::size_t>(DeviceSizes::spectralPiece / rowBytes(layout, components), 1))
             : 1;
  }

  /** Planes that are transformed at once; even, since cuFFT wants real arrays to start on 8 bytes. */
  static int
  planesAtOnce(const Extents & e)
  {
    const std::size_t plane = sizeof(Complex) * (e.nx / 2 + 1) * e.ny;
    return static_cast<int>(std::max<std::size_t>(DeviceSizes::spectralPiece / plane / 2 * 2, 2));
  }
};

} // namespace gnr

#endif
