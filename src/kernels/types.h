// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_types_h
#define gnr_kernels_types_h

#include <cstddef>

namespace gnr
{

/** Storage and arithmetic of every field. Double precision exists for verification only. */
#ifdef GNR_DOUBLE_PRECISION
using Real = double;
#else
using Real = float;
#endif

/** Layout of one complex number in FFTW and cuFFT. */
struct Complex
{
  Real re;
  Real im;
};

/** Points that one process holds of a grid, x fastest: all of x and y, a slab of z. */
struct Extents
{
  int nx = 0;
  int ny = 0;
  int nz = 0;

  std::size_t
  points() const
  {
    return static_cast<std::size_t>(nx) * ny * nz;
  }
};

/** What one process holds of a periodic grid of `planes` planes: extents.nz of them, from `firstPlane` on. */
struct PeriodicSlab
{
  Extents extents;
  int     firstPlane = 0;
  int     planes = 0;
};

/** A scalar array with `halo[a]` extra points on both sides of axis a, so that kernels never wrap; or, for backends
 * that do wrap (Kernels::readsPeriodicFields()), a field that is all of its periodic grid, as it is.
 *
 * `origin` is the interior point (0,0,0); neighbours lie at 1, rowStride, planeStride. */
struct Padded
{
  Real *         origin = nullptr;
  Extents        interior;
  int            halo[3] = { 0, 0, 0 };
  std::ptrdiff_t rowStride = 0;
  std::ptrdiff_t planeStride = 0;
  bool           isPeriodic = false; ///< without extra points, of which any number is thought of
};

/** Three components, one behind the other: component c starts at data + c * stride. */
struct VectorView
{
  Real *      data = nullptr;
  std::size_t stride = 0;

  Real *
  operator[](int c) const
  {
    return data + c * stride;
  }
};

struct ConstVectorView
{
  const Real * data = nullptr;
  std::size_t  stride = 0;

  ConstVectorView() = default;
  ConstVectorView(const Real * d, std::size_t s)
    : data(d)
    , stride(s)
  {}
  ConstVectorView(const VectorView & v)
    : data(v.data)
    , stride(v.stride)
  {}

  const Real *
  operator[](int c) const
  {
    return data + c * stride;
  }
};

/** A symmetric 3x3 matrix per point: the components xx, xy, xz, yy, yz, zz, one behind the other. */
struct SymmetricTensorView
{
  Real *      data = nullptr;
  std::size_t stride = 0;

  Real *
  operator[](int c) const
  {
    return data + c * stride;
  }
};

/** Part of a spectrum after the real-to-complex transform along x: rows of kx = 0 ... nx/2 contiguous, for some
 * frequencies along y, and all of z. Before the transform along z the third index is z, after it kz.
 *
 * The rows are those of the frequencies firstRow[0], firstRow[0] + 1, ..., all >= 0, and then of firstRow[1], ..., all
 * < 0. The Nyquist frequency of an even number counts as positive. */
struct SpectrumLayout
{
  int            size[3] = { 0, 0, 0 };         ///< of the real grid
  double         origin[3] = { 0.0, 0.0, 0.0 }; ///< where the first point lies, as a share of the box
  int            firstRow[2] = { 0, -1 };
  int            rows[2] = { 0, 0 };
  std::ptrdiff_t rowStride = 0; ///< in complex numbers
  std::ptrdiff_t zStride = 0;

  int
  nxHalf() const
  {
    return size[0] / 2 + 1;
  }
  int
  rowCount() const
  {
    return rows[0] + rows[1];
  }
  /** The rows with index begin ... end - 1 of the transform along y, as it numbers its frequencies. */
  void
  setRows(int begin, int end)
  {
    const int positive = size[1] / 2 + 1;
    const int middle = begin > positive ? begin : (end < positive ? end : positive);
    firstRow[0] = begin;
    rows[0] = middle - begin;
    firstRow[1] = middle - size[1];
    rows[1] = end - middle;
  }
};

/** Low frequencies of up to three components on a coarser grid over the same box, before the transform along z. */
struct SpectrumBand
{
  Complex * const * spectrum = nullptr;
  SpectrumLayout    layout;
};

/** A multiplier in Fourier space, one 3x3 matrix per wave vector k (rad/mm); doc/mathematics.md, "Regularisation".
 *
 *   Identity                 I
 *   Regularization           A = c I + beta gamma k k^T,  c = beta l^{2(s-1)} |k|^{2s} (1 + sum_a (tau_a k_a)^2);  0 at
 * k = 0 InverseRegularization    A^-1 = (I - beta gamma k k^T / (c + beta gamma |k|^2)) / c;  1/c(k_min) at k = 0
 *   Projection               I - k k^T / |k|^2;  I at k = 0
 *   Gaussian                 exp(-sum_a (sigma_a k_a)^2 / 2) I
 *
 * k k^T, and the |k|^2 that stands in a fraction with it, are built from first derivatives and therefore without the
 * Nyquist modes; the other |k|^2 keep them. */
struct Symbol
{
  enum class Kind
  {
    Identity,
    Regularization,
    InverseRegularization,
    Projection,
    Gaussian
  };

  Kind   kind = Kind::Identity;
  bool   project = false;                   ///< also multiply by the projection (incompressible mode)
  int    order = 1;                         ///< s
  double beta = 1.0;                        ///< no unit
  double gamma = 0.0;                       ///< no unit
  double ell = 1.0;                         ///< l, mm
  double kMinimum = 1.0;                    ///< smallest non-zero |k|, rad/mm
  double waveNumber[3] = { 1.0, 1.0, 1.0 }; ///< 2 pi / box length, rad/mm
  double sigma[3] = { 0.0, 0.0, 0.0 };      ///< mm
  double tau[3] = { 0.0, 0.0, 0.0 };        ///< mm; the scale below which velocities are stiffer
};

/** Minimum, maximum, sum over a box of points; how many values are <= 0 and how many are not finite. Without any
 * finite value the minimum is +infinity and the maximum -infinity. */
struct Statistics
{
  double      minimum = 0.0; ///< of the finite values
  double      maximum = 0.0;
  double      sum = 0.0;
  std::size_t notPositive = 0;
  std::size_t notFinite = 0;
  std::size_t count = 0;
};

/** A symmetric window along one axis, weight[|q|] for -radius <= q <= radius; weight[0] + 2 sum_{q >= 1} weight[q] = 1.
 * The default changes nothing. */
struct Window
{
  static constexpr int mostRadius = 16;

  int  radius = 0; ///< points
  Real weight[mostRadius + 1] = { 1 };
};

/** Sums over a window [L1] of w m, w f, w m^2, w f^2 and w m f, m the moving and f the fixed image, w their weight, and
 * of the weight itself. */
struct LocalMoments
{
  Real *       m = nullptr;
  Real *       f = nullptr;
  Real *       mm = nullptr;
  Real *       ff = nullptr;
  Real *       mf = nullptr;
  const Real * weight = nullptr; ///< null: one
};

/** Half-open box of points, in local indices. */
struct Region
{
  int begin[3] = { 0, 0, 0 };
  int end[3] = { 0, 0, 0 };
};

} // namespace gnr

#endif
