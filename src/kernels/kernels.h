// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_kernels_h
#define gnr_kernels_kernels_h

#include "kernels/FieldMemory.h"
#include "kernels/KrylovNumbers.h"
#include "kernels/Script.h"
#include "kernels/types.h"

#include "gnr/Options.h"
#include "gnr/Report.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace gnr
{

/** Of a GPU, or of a part of one that a process sees as a GPU. */
using DeviceIdentity = std::array<std::uint32_t, 4>;

/** Every loop over voxels of the project, declared once.
 *
 * Each backend folder implements the same list in files of the same names: `reference/` (serial, double arithmetic,
 * obviously right), `cpu/` (OpenMP and SIMD), `cuda/`. All pointers are memory of the backend (memory()) unless
 * said otherwise; nothing here knows about processes. `n` counts values. What a kernel costs stands in costs.h.
 * Equation numbers in brackets are those of doc/mathematics.md. */
class Kernels
{
public:
  virtual ~Kernels() = default;

  explicit Kernels(const MemorySource & source)
    : memory_(source)
  {}
  Kernels(const Kernels &) = delete;
  Kernels &
  operator=(const Kernels &) = delete;

  /** The memory of all arrays. */
  FieldMemory &
  memory()
  {
    return memory_;
  }
  void *
  allocate(std::size_t bytes)
  {
    return memory_.allocate(bytes);
  }
  void
  deallocate(void * memory)
  {
    memory_.deallocate(memory);
  }
  std::size_t
  allocatedBytes() const
  {
    return memory_.allocatedBytes();
  }
  std::size_t
  peakBytes() const
  {
    return memory_.peakBytes();
  }

  virtual std::string
  description() const = 0;

  /** Whether the arrays are host memory. */
  virtual bool
  hasHostMemory() const
  {
    return true;
  }

  /** Memory that is free where the arrays are; unset: that of this machine, which the kernels share with the host. */
  virtual std::optional<std::size_t>
  availableBytes() const
  {
    return std::nullopt;
  }

  /** Memory beside that which this process has there from earlier registrations, and will use. */
  virtual std::size_t
  keptBytes() const
  {
    return 0;
  }

  /** The processor that has the arrays, if they are not in host memory: the same for two processes that share it. */
  virtual std::optional<DeviceIdentity>
  device() const
  {
    return std::nullopt;
  }

  /** Host memory that the backend takes for copies, at most; beside messageMemory(). */
  virtual std::size_t
  hostBytes() const
  {
    return 0;
  }

  /** Whether the arrays have values: not in a rehearsal, where there is nothing to compute on the host. */
  virtual bool
  hasValues() const
  {
    return true;
  }

  /** How long kernels have taken since the last call, where the backend was told to measure that. */
  virtual std::vector<KernelTime>
  kernelTimes()
  {
    return {};
  }

  //---- what the solver concludes from values of fields; where there are none (CountingKernels), a script does -------
  /** Whether a loop ends that has had so many rounds. */
  virtual bool
  ends(Loop, int, bool byValues)
  {
    return byValues;
  }
  /** Whether a test is passed that only an unlucky solve fails. */
  virtual bool
  passes(bool byValues)
  {
    return byValues;
  }
  virtual double
  measured(Quantity, double byValues)
  {
    return byValues;
  }

  //---- messages, of backends without host memory; the others have nothing to copy -----------------------------------
  /** Host memory for at least so many bytes of messages: the same from call to call until one asks for more, when the
   * content is lost. */
  virtual void *
  messageMemory(std::size_t)
  {
    throw std::logic_error("Kernels: host memory is not staged");
  }
  /** How large it is. */
  virtual std::size_t
  messageBytes() const
  {
    return 0;
  }
  /** As copyToHost() and copyFromHost(), from and to messageMemory(), but done only after synchronize(). */
  virtual void
  startCopyToHost(const void *, void *, std::size_t)
  {
    throw std::logic_error("Kernels: host memory is not staged");
  }
  virtual void
  startCopyFromHost(const void *, void *, std::size_t)
  {
    throw std::logic_error("Kernels: host memory is not staged");
  }
  /** Waits until everything is done that was asked for so far. */
  virtual void
  synchronize()
  {}

  //---- memory beside memory() that spectral.cpp works in: one piece, which grows to the largest need ---------------
  /** Bytes that forwardPlanes() and backwardPlanes() need of it, and those below. */
  virtual std::size_t
  planesScratch(const Extents &, std::ptrdiff_t)
  {
    return 0;
  }
  virtual std::size_t
  symbolScratch(int, const SpectrumLayout &, const SpectrumBand *)
  {
    return 0;
  }
  virtual std::size_t
  resampleScratch(int, const SpectrumLayout &, const SpectrumLayout &)
  {
    return 0;
  }
  /** Takes so many at once. Throws Error(OutOfResources). */
  virtual void
  reserveScratch(std::size_t)
  {}
  /** How large it is. */
  virtual std::size_t
  scratchBytes() const
  {
    return 0;
  }

  //---- memory.cpp -------------------------------------------------------------------------------------------------
  virtual void
  copyFromHost(const void * host, void * memory, std::size_t bytes) = 0;
  virtual void
  copyToHost(const void * memory, void * host, std::size_t bytes) = 0;
  /** x[i] = scale host[stride i]: a scalar image of the caller (stride 1) or one component of its interleaved vectors
   * (stride 3); and host[stride i] = scale x[i]. Host values are single precision whatever Real is. */
  virtual void
  fromHost(const float * host, std::size_t stride, double scale, Real * x, std::size_t n) = 0;
  virtual void
  toHost(const Real * x, double scale, float * host, std::size_t stride, std::size_t n) = 0;

  //---- algebra.cpp: sums are accumulated in double, in an order that does not depend on the number of threads ------
  virtual void
  fill(Real * x, std::size_t n, Real value) = 0;
  virtual void
  copy(const Real * x, Real * y, std::size_t n) = 0; // the ranges must not overlap
  /** y = a x + b y; with b = 0 y is not read. */
  virtual void
  axpby(Real a, const Real * x, Real b, Real * y, std::size_t n) = 0;
  /** out = a x + b y, out may be x or y. */
  virtual void
  combine(Real a, const Real * x, Real b, const Real * y, Real * out, std::size_t n) = 0;
  /** y = a x + b (intensity maps), y may be x. */
  virtual void
  scaleAndShift(Real a, const Real * x, Real b, Real * y, std::size_t n) = 0;
  /** x = min(max(x, lower), upper). */
  virtual void
  clamp(Real lower, Real upper, Real * x, std::size_t n) = 0;
  /** What lies beyond [lower, upper] by t comes to lie beyond it by r t / (r + t), r = reach: the slope is one at the
   * bounds, and infinity is r beyond them. What lies within keeps its bits. */
  virtual void
  saturate(Real lower, Real upper, Real reach, Real * x, std::size_t n) = 0;
  /** out = a x y, out may be x or y. */
  virtual void
  multiply(Real a, const Real * x, const Real * y, Real * out, std::size_t n) = 0;
  /** out = a x y + b out; with b = 0 out is not read. */
  virtual void
  multiplyAdd(Real a, const Real * x, const Real * y, Real b, Real * out, std::size_t n) = 0;
  /** x = max(x, 0)^exponent, exponent > 0. */
  virtual void
  power(Real exponent, Real * x, std::size_t n) = 0;
  virtual double
  sum(const Real * x, std::size_t n) = 0;
  virtual double
  dot(const Real * x, const Real * y, std::size_t n) = 0;
  virtual double
  maximumAbsolute(const Real * x, std::size_t n) = 0;
  /** maximumAbsolute() of each component of n points, in one pass where the host has to wait for it. */
  virtual std::array<double, 3>
  maximaAbsolute(const ConstVectorView & v, std::size_t n)
  {
    return { { maximumAbsolute(v[0], n), maximumAbsolute(v[1], n), maximumAbsolute(v[2], n) } };
  }
  /** x += alpha p, r -= alpha hp in one pass. */
  virtual void
  descend(Real alpha, const Real * p, const Real * hp, Real * x, Real * r, std::size_t n) = 0;
  /** <p, q + s>, the curvature of PCG with H p = q + A p. */
  virtual double
  dotSum(const Real * p, const Real * q, const Real * s, std::size_t n) = 0;
  /** The PCG update in one pass: x += alpha p, r -= alpha (q + ap). */
  virtual void
  krylovUpdate(Real alpha, const Real * p, const Real * ap, const Real * q, Real * x, Real * r, std::size_t n) = 0;
  /** The PCG direction in one pass: p = z + beta p, ap = r - mean + beta ap. */
  virtual void
  krylovDirection(Real beta, const Real * z, const Real * r, Real mean, Real * p, Real * ap, std::size_t n) = 0;

  /** The numbers of a loop of conjugate gradients over vector fields like this one. */
  virtual std::unique_ptr<KrylovNumbers>
  makeKrylovNumbers(const SharedField & field);

  //---- halo.cpp -----------------------------------------------------------------------------------------------------
  /** Copies a slab into the interior of `out` and fills its x and y halo periodically, on interior planes only; the z
   * halo is filled by HaloExchange. Halos may be wider than the slab. */
  virtual void
  pad(const Real * x, const Padded & out) = 0;
  /** Whether all that takes a Padded takes Padded::isPeriodic, too. */
  virtual bool
  readsPeriodicFields() const
  {
    return false;
  }

  //---- differences.cpp: 8th-order central differences, halo >= 4 [D1] ----------------------------------------------
  /** out = a v . grad m + b out; with b = 0 out is not read. `inverseSpacing` in 1/mm. */
  virtual void
  gradientDot(const Padded &          m,
              const double            inverseSpacing[3],
              const ConstVectorView & v,
              Real                    a,
              Real                    b,
              Real *                  out) = 0;
  /** out = a lambda grad m + b out, component by component: the integrand of the gradient and of the Hessian product;
   * with b = 0 out is not read. */
  virtual void
  scaledGradient(const Padded &     m,
                 const double       inverseSpacing[3],
                 const Real *       lambda,
                 Real               a,
                 Real               b,
                 const VectorView & out) = 0;
  /** out = a df/dx_axis + b out; with b = 0 out is not read. */
  virtual void
  derivative(const Padded & f, int axis, double inverseSpacing, Real a, Real b, Real * out) = 0;
  /** out = det(I + grad u), u in mm along the grid axes, second-order central differences (halo >= 1) as ITK's
   * DisplacementFieldJacobianDeterminantFilter [M3]. */
  virtual void
  jacobianDeterminant(const Padded u[3], const double inverseSpacing[3], Real * out) = 0;

  /** out = |grad f|^2 + b out with the mean of the squared forward and backward differences (halo >= 1); with b = 0 out
   * is not read [S1]. */
  virtual void
  squaredGradient(const Padded & f, const double inverseSpacing[3], Real b, Real * out) = 0;
  /** out = - a div(w grad f) + b out, w the sum of the weights on both sides of a face (halo >= 1); with b = 0 out is
   * not read: half the derivative of sum w |grad f|^2 with the differences of squaredGradient() [S1]. */
  virtual void
  weightedLaplacian(const Padded & f,
                    const Padded & weight,
                    const double   inverseSpacing[3],
                    Real           a,
                    Real           b,
                    Real *         out) = 0;

  /** t = a weight g g^T + b t with g = grad m; weight may be null (one); with b = 0 t is not read: the structure tensor
   * of several channels is summed up one by one [C1]. */
  virtual void
  addGradientDyad(const Padded &              m,
                  const double                inverseSpacing[3],
                  const Real *                weight,
                  Real                        a,
                  Real                        b,
                  const SymmetricTensorView & t) = 0;
  /** z = J^-1 z at every point, J_ab = delta_ab + spacing_a dd_a/di_b / spacing_b the Jacobian of the map to the
   * departure points, d_a in voxels of axis a and i_b the index along axis b; z in mm [C3]. */
  virtual void
  pushForward(const Padded d[3], const double spacing[3], const VectorView & z) = 0;
  /** z = det(J) J^T z likewise [C4]. */
  virtual void
  pullBackAdjoint(const Padded d[3], const double spacing[3], const VectorView & z) = 0;

  //---- windows.cpp: weighted means over a window that is a product of windows along the axes [L1] -------------------
  /** out(i, j, k) = sum_{p, q} x_|p| y_|q| f(i + p, j + q, k), periodic along x and y; a window may be wider than the
   * slab. out may be f. 8 B; 16 B on a GPU */
  virtual void
  convolvePlanes(const Real * f, const Extents & extents, const Window & x, const Window & y, Real * out) = 0;
  /** out(i, j, k) = sum_q z_|q| f(i, j, k + q), halo along z >= radius; no other is read. out must not be part of f. */
  virtual void
  convolveAcross(const Padded & f, const Window & z, Real * out) = 0;

  //---- interpolation.cpp -------------------------------------------------------------------------------------------
  /** out(x) = factor(x) f(x + d(x)); d in voxels, |d_a| <= halo_a - 2; factor may be null (one). Cubic Lagrange on 4^3
   * points [I1] or trilinear. out must not be d or part of f. */
  virtual void
  interpolate(const Padded & f, const ConstVectorView & d, const Real * factor, Interpolation kind, Real * out) = 0;

  /** out_c(x) = scale_c f_c(x + d(x)) for three arrays of one layout, cubic: as three times interpolate(), but the
   * weights are computed once. */
  virtual void
  interpolateVector(const Padded f[3], const ConstVectorView & d, const Real scale[3], const VectorView & out) = 0;

  //---- points.cpp: points anywhere, x y z of one after the other in units of the spacing, from the first point of the
  // periodic grid; no halos. What belongs to points is host memory.
  /** values[3 i + c] = v_c(x_i), cubic Lagrange [I1], and slopes[9 i + 3 c + a] = its derivative along axis a per unit
   * of the spacing; slopes may be null. What the planes of other processes add is missing. */
  virtual void
  sampleAtPoints(const ConstVectorView & v,
                 const PeriodicSlab &    slab,
                 const double *          positions,
                 double *                values,
                 double *                slopes,
                 std::size_t             count) = 0;
  /** v_c(node) += w_i(node) values[3 i + c] with the weight that the node has in sampleAtPoints(), of which this is the
   * transpose; at every node one point after the other. */
  virtual void
  addAtPoints(const double *       positions,
              const double *       values,
              std::size_t          count,
              const PeriodicSlab & slab,
              const VectorView &   v) = 0;

  //---- transport.cpp -----------------------------------------------------------------------------------------------
  /** c = 1 + h/2 (d + D + h d D), the growth of a quantity over one step of a flow; d = div v at x, D at the departure
   * point [T4], [T5]. c may be d or D. */
  virtual void
  growth(const Real * d, const Real * departed, Real h, Real * c, std::size_t n) = 0;

  //---- similarity.cpp: weight may be null (one) ---------------------------------------------------------------------
  virtual double
  squaredDistance(const Real * a, const Real * b, const Real * weight, std::size_t n) = 0;
  /** out = weight (a - b). */
  virtual void
  weightedDifference(const Real * a, const Real * b, const Real * weight, Real * out, std::size_t n) = 0;

  /** out = weight g (g . p), the data Hessian at zero velocity with g = grad m(1) [K2]. */
  virtual void
  gradientDyad(const ConstVectorView & g,
               const Real *            weight,
               const ConstVectorView & p,
               const VectorView &      out,
               std::size_t             n) = 0;

  /** out = a T p + b out, T symmetric; with b = 0 out is not read. out may be p [C2]. */
  virtual void
  tensorProduct(const SymmetricTensorView & t,
                const ConstVectorView &     p,
                Real                        a,
                Real                        b,
                const VectorView &          out,
                std::size_t                 n) = 0;

  /** weight = min(scale s^4, cap) for s = `squared`; unless `penalty` is null, it becomes the sum of the integral from
   * 0 to s, halved: the penalty that has this weight [S1]. `weight` may be `squared`, `penalty` is on the host. */
  virtual void
  stiffen(const Real * squared, Real scale, Real cap, Real * weight, std::size_t n, double * penalty) = 0;

  /** out = (sum + epsilon out) / (weight + epsilon): a weighted mean where there is weight, what was there where there
   * is none [W1]. */
  virtual void
  normalizedMean(const Real * sum, const Real * weight, Real epsilon, Real * out, std::size_t n) = 0;
  /** image = weight image + (1 - weight) fill [W1]. */
  virtual void
  replaceUnweighted(const Real * weight, const Real * fill, Real * image, std::size_t n) = 0;

  //---- localCorrelation.cpp: weights may be null (one); epsilonSquared > 0 ------------------------------------------
  /** Sum of (scale/2) omega [1 - c^2/(V F)] over the points whose weight omega is at least `leastWeight`, where V, F
   * and c are the local variances of m and f and their covariance, plus epsilon^2 each [L2]. */
  virtual double
  localCorrelation(const LocalMoments & sums, Real epsilonSquared, Real scale, Real leastWeight, std::size_t n) = 0;
  /** The same, and what its derivative is made of [L3]: f becomes u = scale c/(V F), ff becomes u s with s = c/V, and
   * mf becomes u (s mu - phi) with the means mu of m and phi of f; all zero where omega < leastWeight. */
  virtual double
  localCorrelationDerivatives(const LocalMoments & sums,
                              Real                 epsilonSquared,
                              Real                 scale,
                              Real                 leastWeight,
                              std::size_t          n) = 0;
  /** out = weight (f gu - m gus + gt), the negative derivative [L3]: gu, gus, gt are sums over the window of u, u s and
   * u (s mu - phi). out may be gt. */
  virtual void
  correlationForce(const Real * f,
                   const Real * m,
                   const Real * weight,
                   const Real * gu,
                   const Real * gus,
                   const Real * gt,
                   Real *       out,
                   std::size_t  n) = 0;

  //---- selfSimilarity.cpp: descriptors that do not depend on contrast (MIND-SSC) [C5] -------------------------------
  /** out(x) = (f(x + a) - f(x + b))^2, halo >= |a|, |b| along every axis. */
  virtual void
  shiftedSquaredDifference(const Padded & f, const int a[3], const int b[3], Real * out) = 0;
  /** fields_c = exp(-(fields_c - min_c fields_c) / min(max(variance, least), most)) in place for 0 <= c < channels,
   * channel c at fields + c * stride; least > 0. */
  virtual void
  selfSimilarity(Real *       fields,
                 std::size_t  stride,
                 int          channels,
                 const Real * variance,
                 Real         least,
                 Real         most,
                 std::size_t  n) = 0;
  /** bytes = round(255 x) of x from 0 to 1; others are clamped. */
  virtual void
  toBytes(const Real * x, std::uint8_t * bytes, std::size_t n) = 0;
  /** x = bytes / 255. */
  virtual void
  fromBytes(const std::uint8_t * bytes, Real * x, std::size_t n) = 0;

  //---- jointHistogram.cpp: intensities among the nodes of `bins` classes from lower to upper, to which others are
  // clamped; 5 <= bins <= 64. B_i is the cubic B-spline of node i of m, of which two lie beyond the range; h_j the
  // piecewise linear function that is one at node j of f [L6] ------------------------------------------------------
  /** counts[i bins + j] = sum of weight B_i(m) h_j(f) in units of 2^-24, each addend rounded: the same for any order of
   * the points. In host memory. */
  virtual void
  jointHistogram(const Real *    m,
                 const Real *    f,
                 const Real *    weight,
                 std::size_t     n,
                 double          lower,
                 double          upper,
                 std::uint64_t * counts,
                 int             bins) = 0;
  /** out = sum_ij table[i bins + j] B_i(m) h_j(f), or with the derivative of B_i by m, zero where m is clamped. out may
   * be m or f. */
  virtual void
  lookUp(const Real * m,
         const Real * f,
         const Real * table,
         double       lower,
         double       upper,
         int          bins,
         bool         isDerivative,
         Real *       out,
         std::size_t  n) = 0;

  //---- spectral.cpp: unnormalised forward transforms; applySymbol and resampleSpectrum divide by the number of points
  /** Whether spectra of three components should be joined, row by row side by side: each begins nxHalf behind another.
   */
  virtual bool
  joinsComponents() const
  {
    return false;
  }
  /** Real-to-complex transform of every z plane of a slab into kx + rowStride * (ky + ny * z), rowStride >= nxHalf. */
  virtual void
  forwardPlanes(const Real * x, const Extents & extents, Complex * spectrum, std::ptrdiff_t rowStride) = 0;
  /** The inverse; destroys the spectrum. */
  virtual void
  backwardPlanes(Complex * spectrum, std::ptrdiff_t rowStride, const Extents & extents, Real * x) = 0;
  /** Transform along z, multiply by the symbol, transform back, for 1 or 3 components (`components` pointers). Where a
   * band is given, the frequencies that it shares with the layout (Nyquist modes excluded) are taken from it as they
   * are [R1], [K3]; what it holds afterwards is not defined. */
  virtual void
  applySymbol(Complex * const *      spectrum,
              int                    components,
              const SpectrumLayout & layout,
              const Symbol &         symbol,
              const SpectrumBand *   band = nullptr) = 0;
  /** Transform along z, keep the wave vectors that both grids have (Nyquist modes dropped), zero the others, move
   * from the origin of one layout to that of the other, transform back along the new z. [F2] */
  virtual void
  resampleSpectrum(const Complex * const * in,
                   int                     components,
                   const SpectrumLayout &  inLayout,
                   Complex * const *       out,
                   const SpectrumLayout &  outLayout) = 0;

  /** Copies `count` blocks of `width` complex numbers that lie `xStride` and `yStride` apart: rows of a spectrum on
   * their way to another process. The ranges must not overlap. */
  virtual void
  copyBlocks(const Complex * x,
             std::ptrdiff_t  xStride,
             Complex *       y,
             std::ptrdiff_t  yStride,
             std::size_t     width,
             std::size_t     count) = 0;

  //---- images.cpp --------------------------------------------------------------------------------------------------
  virtual Statistics
  statistics(const Real * x, const Extents & extents, const Region & region) = 0;
  /** Counts of values in `bins` equal classes over [lower, upper]; values outside go to the first or last. */
  virtual void
  histogram(const Real * x, std::size_t n, double lower, double upper, std::uint64_t * counts, int bins) = 0;
  /** The image in the low corner of a larger box; behind its last point each axis stays at the edge value for a
   * quarter of the way, runs smoothly to the opposite edge value and stays there, so that the box is periodic [P1]. */
  virtual void
  extendPeriodically(const Real * image, const Extents & imageExtents, const Extents & box, Real * out) = 0;
  /** The image in the low corner of a larger box, `value` elsewhere. */
  virtual void
  extendByConstant(const Real * image, const Extents & imageExtents, const Extents & box, Real value, Real * out) = 0;
  /** The low corner of a box. */
  virtual void
  crop(const Real * box, const Extents & boxExtents, const Extents & imageExtents, Real * out) = 0;

private:
  FieldMemory memory_;
};

/** \param threads CPU threads of the `cpu` backend; at least 1. */
std::unique_ptr<Kernels>
makeReferenceKernels();
std::unique_ptr<Kernels>
makeCpuKernels(int threads);
/** The kernels of the plugin gnr-cuda, which is opened for this. Throws Error(BadInput) where there is no such plugin,
 * no driver or no GPU, and says what to install; Error(OutOfResources) where the GPU refuses.
 *
 * \param processOnMachine counts the processes of a solve on this machine: each takes the next GPU. */
std::unique_ptr<Kernels>
makeCudaKernels(int processOnMachine = 0);
/** Gives back what is kept of GPUs for the next makeCudaKernels(). */
void
releaseCudaDevices();

} // namespace gnr

#endif
