// SPDX-License-Identifier: Apache-2.0
// Every kernel of kernels.h once more, as a member that overrides it. The classes of the backends include this in their
// bodies, so it has no guard and includes nothing.

void
copyFromHost(const void * host, void * memory, std::size_t bytes) override;
void
copyToHost(const void * memory, void * host, std::size_t bytes) override;
void
fromHost(const float * host, std::size_t stride, double scale, Real * x, std::size_t n) override;
void
toHost(const Real * x, double scale, float * host, std::size_t stride, std::size_t n) override;

void
fill(Real * x, std::size_t n, Real value) override;
void
copy(const Real * x, Real * y, std::size_t n) override;
void
axpby(Real a, const Real * x, Real b, Real * y, std::size_t n) override;
void
combine(Real a, const Real * x, Real b, const Real * y, Real * out, std::size_t n) override;
void
scaleAndShift(Real a, const Real * x, Real b, Real * y, std::size_t n) override;
void
clamp(Real lower, Real upper, Real * x, std::size_t n) override;
void
saturate(Real lower, Real upper, Real reach, Real * x, std::size_t n) override;
void
multiply(Real a, const Real * x, const Real * y, Real * out, std::size_t n) override;
void
multiplyAdd(Real a, const Real * x, const Real * y, Real b, Real * out, std::size_t n) override;
void
power(Real exponent, Real * x, std::size_t n) override;
double
sum(const Real * x, std::size_t n) override;
double
dot(const Real * x, const Real * y, std::size_t n) override;
double
maximumAbsolute(const Real * x, std::size_t n) override;
void
descend(Real alpha, const Real * p, const Real * hp, Real * x, Real * r, std::size_t n) override;
double
dotSum(const Real * p, const Real * q, const Real * s, std::size_t n) override;
void
krylovUpdate(Real alpha, const Real * p, const Real * ap, const Real * q, Real * x, Real * r, std::size_t n) override;
void
krylovDirection(Real beta, const Real * z, const Real * r, Real mean, Real * p, Real * ap, std::size_t n) override;

void
pad(const Real * x, const Padded & out) override;

void
gradientDot(const Padded & m, const double inverseSpacing[3], const ConstVectorView & v, Real a, Real b, Real * out)
  override;
void
scaledGradient(const Padded &     m,
               const double       inverseSpacing[3],
               const Real *       lambda,
               Real               a,
               Real               b,
               const VectorView & out) override;
void
derivative(const Padded & f, int axis, double inverseSpacing, Real a, Real b, Real * out) override;
void
jacobianDeterminant(const Padded u[3], const double inverseSpacing[3], Real * out) override;
void
squaredGradient(const Padded & f, const double inverseSpacing[3], Real b, Real * out) override;
void
weightedLaplacian(const Padded & f, const Padded & weight, const double inverseSpacing[3], Real a, Real b, Real * out)
  override;

void
addGradientDyad(const Padded &              m,
                const double                inverseSpacing[3],
                const Real *                weight,
                Real                        a,
                Real                        b,
                const SymmetricTensorView & t) override;
void
pushForward(const Padded d[3], const double spacing[3], const VectorView & z) override;
void
pullBackAdjoint(const Padded d[3], const double spacing[3], const VectorView & z) override;

void
convolvePlanes(const Real * f, const Extents & extents, const Window & x, const Window & y, Real * out) override;
void
convolveAcross(const Padded & f, const Window & z, Real * out) override;

void
interpolate(const Padded & f, const ConstVectorView & d, const Real * factor, Interpolation kind, Real * out) override;

void
interpolateVector(const Padded f[3], const ConstVectorView & d, const Real scale[3], const VectorView & out) override;
void
sampleAtPoints(const ConstVectorView & v,
               const PeriodicSlab &    slab,
               const double *          positions,
               double *                values,
               double *                slopes,
               std::size_t             count) override;
void
addAtPoints(const double *       positions,
            const double *       values,
            std::size_t          count,
            const PeriodicSlab & slab,
            const VectorView &   v) override;

void
growth(const Real * d, const Real * departed, Real h, Real * c, std::size_t n) override;

double
squaredDistance(const Real * a, const Real * b, const Real * weight, std::size_t n) override;
void
weightedDifference(const Real * a, const Real * b, const Real * weight, Real * out, std::size_t n) override;

void
gradientDyad(const ConstVectorView & g,
             const Real *            weight,
             const ConstVectorView & p,
             const VectorView &      out,
             std::size_t             n) override;
void
tensorProduct(const SymmetricTensorView & t,
              const ConstVectorView &     p,
              Real                        a,
              Real                        b,
              const VectorView &          out,
              std::size_t                 n) override;
void
stiffen(const Real * squared, Real scale, Real cap, Real * weight, std::size_t n, double * penalty) override;
void
normalizedMean(const Real * sum, const Real * weight, Real epsilon, Real * out, std::size_t n) override;
void
replaceUnweighted(const Real * weight, const Real * fill, Real * image, std::size_t n) override;

double
localCorrelation(const LocalMoments & sums, Real epsilonSquared, Real scale, Real leastWeight, std::size_t n) override;
double
localCorrelationDerivatives(const LocalMoments & sums, Real epsilonSquared, Real scale, Real leastWeight, std::size_t n)
  override;
void
correlationForce(const Real * f,
                 const Real * m,
                 const Real * weight,
                 const Real * gu,
                 const Real * gus,
                 const Real * gt,
                 Real *       out,
                 std::size_t  n) override;

void
shiftedSquaredDifference(const Padded & f, const int a[3], const int b[3], Real * out) override;
void
selfSimilarity(Real *       fields,
               std::size_t  stride,
               int          channels,
               const Real * variance,
               Real         least,
               Real         most,
               std::size_t  n) override;
void
toBytes(const Real * x, std::uint8_t * bytes, std::size_t n) override;
void
fromBytes(const std::uint8_t * bytes, Real * x, std::size_t n) override;

void
jointHistogram(const Real *    m,
               const Real *    f,
               const Real *    weight,
               std::size_t     n,
               double          lower,
               double          upper,
               std::uint64_t * counts,
               int             bins) override;
void
lookUp(const Real * m,
       const Real * f,
       const Real * table,
       double       lower,
       double       upper,
       int          bins,
       bool         isDerivative,
       Real *       out,
       std::size_t  n) override;

void
forwardPlanes(const Real * x, const Extents & extents, Complex * spectrum, std::ptrdiff_t rowStride) override;
void
backwardPlanes(Complex * spectrum, std::ptrdiff_t rowStride, const Extents & extents, Real * x) override;
void
applySymbol(Complex * const *      spectrum,
            int                    components,
            const SpectrumLayout & layout,
            const Symbol &         symbol,
            const SpectrumBand *   band) override;
void
resampleSpectrum(const Complex * const * in,
                 int                     components,
                 const SpectrumLayout &  inLayout,
                 Complex * const *       out,
                 const SpectrumLayout &  outLayout) override;
void
copyBlocks(const Complex * x,
           std::ptrdiff_t  xStride,
           Complex *       y,
           std::ptrdiff_t  yStride,
           std::size_t     width,
           std::size_t     count) override;

Statistics
statistics(const Real * x, const Extents & extents, const Region & region) override;
void
histogram(const Real * x, std::size_t n, double lower, double upper, std::uint64_t * counts, int bins) override;
void
extendPeriodically(const Real * image, const Extents & imageExtents, const Extents & box, Real * out) override;
void
extendByConstant(const Real * image, const Extents & imageExtents, const Extents & box, Real value, Real * out)
  override;
void
crop(const Real * box, const Extents & boxExtents, const Extents & imageExtents, Real * out) override;
