// SPDX-License-Identifier: Apache-2.0
// How often cuFFT is called on grids that no test computes on.
#include "kernels/SpectralPieces.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace gnr;

namespace
{

SpectrumLayout
joinedLayout(int n)
{
  SpectrumLayout layout;
  std::fill_n(layout.size, 3, n);
  layout.setRows(0, n);
  layout.rowStride = 3 * layout.nxHalf();
  layout.zStride = layout.rowStride * n;
  return layout;
}

int
piecesOf(int whole, int part)
{
  return (whole + part - 1) / part;
}

/** Of A or its inverse: planes of three components there and back, and columns of all of them. */
int
transformsOfOperator(int n)
{
  return 6 * piecesOf(n, SpectralPieces::planesAtOnce({ n, n, n })) +
         2 * piecesOf(n, SpectralPieces::rowsAtOnce(joinedLayout(n), 3));
}

} // namespace

TEST(SpectralPieces, CallsOfAnApplication)
{
  EXPECT_EQ(transformsOfOperator(32), 6 + 2);
  EXPECT_LE(transformsOfOperator(256), 24);
  // No more than keeps a call longer than its launch: what it reads and writes is 32 MiB each way, 20 microseconds at
  // 3.35 TB/s.
  for (const int n : { 512, 1024 })
  {
    const double bytes = 3.0 * sizeof(Complex) * (n / 2 + 1) * n * n;
    EXPECT_LE(transformsOfOperator(n), 4 * bytes / (32 << 20)) << n;
  }
}

TEST(SpectralPieces, AreNoLargerThanTheCache)
{
  for (const int n : { 64, 256, 512, 1024 })
  {
    const SpectrumLayout layout = joinedLayout(n);
    const int rows = SpectralPieces::rowsAtOnce(layout, 3), planes = SpectralPieces::planesAtOnce({ n, n, n });
    EXPECT_LE(rows * SpectralPieces::rowBytes(layout, 3), DeviceSizes::spectralPiece) << n;
    EXPECT_LE(planes * sizeof(Complex) * layout.nxHalf() * n, DeviceSizes::spectralPiece) << n;
    EXPECT_EQ(planes % 2, 0) << n;
  }
}

TEST(SpectralPieces, RowsWithGapsComeOneByOne)
{
  SpectrumLayout layout = joinedLayout(32);
  EXPECT_EQ(SpectralPieces::rowsAtOnce(layout, 1), 1) << "one component of three";
  layout.rowStride = layout.nxHalf();
  EXPECT_FALSE(SpectralPieces::isJoined(layout, 3));
  EXPECT_GT(SpectralPieces::rowsAtOnce(layout, 3), 1);
}
