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
#ifndef itkGaussNewtonRegistrationInitializer_h
#define itkGaussNewtonRegistrationInitializer_h

#include "itkAffineTransform.h"
#include "itkDataObjectDecorator.h"
#include "itkImage.h"
#include "itkProcessObject.h"
#include "itkTransform.h"

#include "gnr/EnumNames.h"

#include "GaussNewtonRegistrationExport.h"

#include <cstdint>
#include <ostream>
#include <string>

namespace itk
{

/** \class GaussNewtonRegistrationInitializerEnums
 * \brief Enumerations of GaussNewtonRegistrationInitializer.
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistrationInitializerEnums
{
public:
  /** \class Method
   * \ingroup GaussNewtonRegistration
   * How much is aligned; each but the first two starts from the one before. */
  enum class Method : uint8_t
  {
    Identity = 0, ///< nothing: the images lie in one space
    Moments = 1,  ///< translation between the centres of mass
    Rigid = 2,    ///< rotation and translation of largest mutual information
    Affine = 3    ///< the same with scaling and shearing
  };
};

/** Prints the word of a value, as gnr-register has it. */
extern GaussNewtonRegistration_EXPORT std::ostream &
operator<<(std::ostream & out, GaussNewtonRegistrationInitializerEnums::Method value);

} // namespace itk

template <>
inline constexpr gnr::EnumName<itk::GaussNewtonRegistrationInitializerEnums::Method>
  gnr::enumNames<itk::GaussNewtonRegistrationInitializerEnums::Method>[] = {
    { itk::GaussNewtonRegistrationInitializerEnums::Method::Identity, "identity" },
    { itk::GaussNewtonRegistrationInitializerEnums::Method::Moments, "moments" },
    { itk::GaussNewtonRegistrationInitializerEnums::Method::Rigid, "rigid" },
    { itk::GaussNewtonRegistrationInitializerEnums::Method::Affine, "affine" },
  };

namespace itk
{

/** \class GaussNewtonRegistrationInitializer
 * \brief Aligns two images roughly, as the start of DiffeomorphicGaussNewtonRegistrationFilter.
 *
 * The result maps fixed to moving physical points (LPS, mm), as the InitialTransform of that filter.
 *
 * Moments: the translation between the centres of mass of the intensities above the background (the 0.5th percentile;
 * above the 99.5th they count no further). Intensities outside of a mask do not count; a mask of only one of the images
 * is not used here, because then the centres would be those of different things.
 *
 * Rigid: the start is the best of the centres of mass, the centres of the grids, and no translation, each with
 * rotations about the three axes by up to 40 degrees, in mutual information; rotations by more than that are searched
 * about the centres of mass (those of the cube and of the icosahedron), and taken where they gain 2 %. ITK's
 * registration framework of version 4 (ImageRegistrationMethodv4, MattesMutualInformationImageToImageMetricv4,
 * RegularStepGradientDescentOptimizerv4) then refines it on three grids. Affine goes on from there. Where even the best
 * alignment shares no more information than chance does, that is an error. Both need no similar contrast of the images.
 * The grids are as near to isotropic as whole voxels allow, whatever the spacing, and have at most 96 samples along the
 * longest edge.
 *
 * The samples of the images are drawn with a fixed seed and summed in one order, so the result is the same from run to
 * run and for any number of threads.
 *
 * Errors: GaussNewtonRegistrationError, whose description names the input and the remedy; ProcessAborted.
 *
 * \code
 *   auto initializer = itk::GaussNewtonRegistrationInitializer::New();
 *   initializer->SetFixedImage(fixed);
 *   initializer->SetMovingImage(moving);
 *   filter->SetInitialTransformInput(initializer->GetOutput()); // or SetInitialTransform(initializer->GetTransform())
 * \endcode
 *
 * \sa DiffeomorphicGaussNewtonRegistrationFilter, CenteredTransformInitializer
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistration_EXPORT GaussNewtonRegistrationInitializer : public ProcessObject
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(GaussNewtonRegistrationInitializer);

  using Self = GaussNewtonRegistrationInitializer;
  using Superclass = ProcessObject;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);

  /** Run-time type information. */
#ifdef itkOverrideGetNameOfClassMacro
  itkOverrideGetNameOfClassMacro(GaussNewtonRegistrationInitializer);
#else
  itkTypeMacro(GaussNewtonRegistrationInitializer, ProcessObject);
#endif

  using ImageType = Image<float, 3>;
  using MaskImageType = Image<unsigned char, 3>;
  using TransformType = Transform<double, 3, 3>;
  using AffineTransformType = AffineTransform<double, 3>;
  using DecoratedTransformType = DataObjectDecorator<TransformType>;
  using MethodEnum = GaussNewtonRegistrationInitializerEnums::Method;

  /** The images, on any grids; finite and not constant. */
  itkSetInputMacro(FixedImage, ImageType);
  itkGetInputMacro(FixedImage, ImageType);
  itkSetInputMacro(MovingImage, ImageType);
  itkGetInputMacro(MovingImage, ImageType);

  /** Optional: only what is not zero counts. On any grids. */
  itkSetInputMacro(FixedImageMask, MaskImageType);
  itkGetInputMacro(FixedImageMask, MaskImageType);
  itkSetInputMacro(MovingImageMask, MaskImageType);
  itkGetInputMacro(MovingImageMask, MaskImageType);

  /** How much is aligned; Affine by default. */
  itkSetEnumMacro(Method, MethodEnum);
  itkGetEnumMacro(Method, MethodEnum);

  /** Points at which the images are compared, per grid; 20000 by default, at least 1000. */
  itkSetClampMacro(NumberOfSamples, SizeValueType, 1000, NumericTraits<SizeValueType>::max());
  itkGetConstMacro(NumberOfSamples, SizeValueType);

  /** Bins of the joint histogram along each axis; 32 by default, at least 5. */
  itkSetClampMacro(NumberOfHistogramBins, unsigned int, 5, 1024);
  itkGetConstMacro(NumberOfHistogramBins, unsigned int);

  /** Largest number of steps of the optimiser per grid; 200 by default. */
  itkSetClampMacro(NumberOfIterations, unsigned int, 1, NumericTraits<unsigned int>::max());
  itkGetConstMacro(NumberOfIterations, unsigned int);

  /** Of the samples. */
  itkSetMacro(RandomSeed, int);
  itkGetConstMacro(RandomSeed, int);

  /** The result with its decoration, for filters that take it as an input. */
  DecoratedTransformType *
  GetOutput();
  const DecoratedTransformType *
  GetOutput() const;

  /** The result, fixed to moving physical points: an IdentityTransform, a TranslationTransform, a Euler3DTransform or
   * an AffineTransform. Throws before Update(). */
  TransformType *
  GetTransform();

  /** Mutual information of the images at the start and at the end, in nats, on the finest grid; 0 is none. For Rigid
   * and Affine, after Update(). */
  itkGetConstMacro(InitialMutualInformation, double);
  itkGetConstMacro(FinalMutualInformation, double);

  /** Share of the fixed image, or of its mask, that lies inside the moving image in the end; for Rigid and Affine. */
  itkGetConstMacro(FinalOverlap, double);

  /** What speaks against the result, in a sentence without its full stop; empty if nothing does. It tells of another
   * rotation that fits almost as well, of little overlap, and, for Moments, of images that are turned against each
   * other. */
  const std::string &
  GetRemark() const
  {
    return m_Remark;
  }

  using Superclass::MakeOutput;
  DataObject::Pointer
  MakeOutput(DataObjectPointerArraySizeType idx) override;

protected:
  GaussNewtonRegistrationInitializer();
  ~GaussNewtonRegistrationInitializer() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  void
  GenerateData() override;

private:
  MethodEnum    m_Method{ MethodEnum::Affine };
  SizeValueType m_NumberOfSamples{ 20000 };
  unsigned int  m_NumberOfHistogramBins{ 32 };
  unsigned int  m_NumberOfIterations{ 200 };
  int           m_RandomSeed{ 20190801 };
  double        m_InitialMutualInformation{ 0.0 };
  double        m_FinalMutualInformation{ 0.0 };
  double        m_FinalOverlap{ 0.0 };
  std::string   m_Remark;
};

} // namespace itk

#endif
