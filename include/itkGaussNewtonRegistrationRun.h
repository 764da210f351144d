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
#ifndef itkGaussNewtonRegistrationRun_h
#define itkGaussNewtonRegistrationRun_h

#include "itkGaussNewtonRegistrationEngine.h"
#include "itkGaussNewtonRegistrationMemoryNeed.h"
#include "itkGaussNewtonRegistrationMetric.h"

#include "itkCastImageFilter.h"
#include "itkDataObjectDecorator.h"
#include "itkImage.h"
#include "itkPoint.h"
#include "itkProcessObject.h"
#include "itkTransform.h"
#include "itkVector.h"

#include "gnr/Observer.h"
#include "gnr/OptionTable.h"
#include "gnr/Report.h"

#include "GaussNewtonRegistrationExport.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gnr
{
enum class Field;
}

namespace itk
{

class GaussNewtonRegistrationBridge;       // src/itk
class GaussNewtonRegistrationDistribution; // src/itk

/** \class GaussNewtonRegistrationRun
 * \brief The part of DiffeomorphicGaussNewtonRegistrationFilter that does not depend on pixel types: its parameters,
 * its way through the pipeline, and the state of its current or last run. Compiled once; not meant to be used by
 * itself.
 *
 * Methods with names of ProcessObject do what those are for.
 *
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistration_EXPORT GaussNewtonRegistrationRun
{
public:
  using RealImageType = Image<float, 3>;
  using TransformType = Transform<double, 3, 3>;
  using DecoratedTransformType = DataObjectDecorator<TransformType>;
  using ImageBaseType = ImageBase<3>;
  using VectorImageType = Image<Vector<float, 3>, 3>;
  using DoubleVectorImageType = Image<Vector<double, 3>, 3>;
  using RegionType = ImageRegion<3>;
  using MemoryNeed = GaussNewtonRegistrationMemoryNeed;

  /** The inputs of the filter, by index. Behind them come, in turns, the fixed and moving images of further pairs. */
  enum Input : unsigned int
  {
    FixedImage,
    MovingImage,
    FixedImageMask,
    MovingImageMask,
    IncompressibilityImage,
    InitialTransform,
    InitialVelocityField,
    NumberOfInputs
  };
  static constexpr std::array<const char *, NumberOfInputs> InputNames{ { "FixedImage",
                                                                          "MovingImage",
                                                                          "FixedImageMask",
                                                                          "MovingImageMask",
                                                                          "IncompressibilityImage",
                                                                          "InitialTransform",
                                                                          "InitialVelocityField" } };

  /** Of an image of a further pair that of its like in the first. */
  static constexpr Input
  KindOf(unsigned int index)
  {
    return index < NumberOfInputs              ? static_cast<Input>(index)
           : (index - NumberOfInputs) % 2 == 0 ? FixedImage
                                               : MovingImage;
  }
  static constexpr unsigned int
  IndexOf(Input kind, unsigned int furtherPair)
  {
    return NumberOfInputs + 2 * furtherPair + (kind == FixedImage ? 0 : 1);
  }

  /** Its outputs, by index; all but the last are images. */
  enum Output : unsigned int
  {
    DisplacementField,
    InverseDisplacementField,
    VelocityField,
    WarpedMovingImage,
    JacobianDeterminantImage,
    WholeTransform,
    NumberOfOutputs
  };

  /** What of the filter can be switched on and off. */
  struct Switches
  {
    bool useHistogramMatching = false;
    bool computeInverseDisplacementField = true;
    bool computeVelocityField = true;
    bool computeWarpedMovingImage = true;
    bool computeJacobianDeterminantImage = true;
    bool gatherOutput = true; ///< of the engine
  };
  struct SwitchName
  {
    const char * name;
    bool Switches::* member;
  };
  /** Those of outputs at the indices of these; the first output is always computed. */
  static constexpr std::array<SwitchName, 6> SwitchNames{
    { { "UseHistogramMatching", &Switches::useHistogramMatching },
      { "ComputeInverseDisplacementField", &Switches::computeInverseDisplacementField },
      { "ComputeVelocityField", &Switches::computeVelocityField },
      { "ComputeWarpedMovingImage", &Switches::computeWarpedMovingImage },
      { "ComputeJacobianDeterminantImage", &Switches::computeJacobianDeterminantImage },
      { "GatherOutput", &Switches::gatherOutput } }
  };

  /** Everything that a user of the filter can set besides the inputs and the engine. */
  struct Settings : Switches
  {
    gnr::Options options{};
  };

  /** The pixel type of an image of intensities. */
  struct PixelType
  {
    std::size_t bytes;
    /** The buffered part of an image of such pixels in single precision; the image itself where it has that. */
    RealImageType::ConstPointer (*toReal)(const DataObject *);
  };
  template <typename TImage>
  static PixelType
  PixelTypeOf()
  {
    return { sizeof(typename TImage::PixelType), &CastToReal<TImage> };
  }

  GaussNewtonRegistrationRun(ProcessObject * filter, PixelType fixed, PixelType moving);
  ~GaussNewtonRegistrationRun();
  GaussNewtonRegistrationRun(const GaussNewtonRegistrationRun &) = delete;
  GaussNewtonRegistrationRun &
  operator=(const GaussNewtonRegistrationRun &) = delete;

  /** \name Parameters */
  /**@{*/
  Settings &
  GetSettings()
  {
    return m_Settings;
  }
  const Settings &
  GetSettings() const
  {
    return m_Settings;
  }

  /** Sets a member of the settings; the filter is modified only where that changes something. */
  template <typename TMember, typename TValue>
  void
  Set(TMember & member, const TValue & value)
  {
    if (member != static_cast<TMember>(value))
    {
      member = static_cast<TMember>(value);
      m_Filter->Modified();
    }
  }

  /** The value of a member of the settings; throws where it is an option that is unset. */
  template <typename TMember>
  const TMember &
  Get(const TMember & member, const char *) const
  {
    return member;
  }
  template <typename TValue>
  const TValue &
  Get(const std::optional<TValue> & option, const char * name) const
  {
    if (!option)
    {
      this->Throw(std::string(name) + " is not set; GetParameter() tells what holds then.");
    }
    return *option;
  }

  /** All options at once; likewise modified only where one changes. */
  void
  SetOptions(const gnr::Options & options, const gnr::OptionTable & table);
  /** The options with one of them changed. Throws GaussNewtonRegistrationError. */
  gnr::Options
  OptionsWith(const std::string & name, const std::string & value, const gnr::OptionTable & table) const;
  std::string
  GetParameter(const std::string & name, const gnr::OptionTable & table) const;
  /** The options with a metric added to the measures, which is kept if it is one of the caller's own. Throws
   * GaussNewtonRegistrationError. */
  gnr::Options
  OptionsWithMetric(const GaussNewtonRegistrationMetric * metric, double weight, const gnr::OptionTable & table);

  unsigned int
  CountInputs() const
  {
    return static_cast<unsigned int>(m_Filter->GetNumberOfIndexedInputs());
  }
  /** Pairs of images beside the first that this process has. */
  unsigned int
  CountFurtherPairs() const
  {
    return this->CountInputs() > NumberOfInputs ? (this->CountInputs() - NumberOfInputs) / 2 : 0;
  }
  /** Throws where a pair is to be added of which an image is missing. */
  void
  CheckPair(const DataObject * fixed, const DataObject * moving) const
  {
    if (!fixed || !moving)
    {
      this->Throw("AddImagePair: an image is missing; a pair has a fixed and a moving one.");
    }
  }

  using LandmarkPointContainer = std::vector<Point<double, 3>>;
  void
  SetFixedLandmarks(const LandmarkPointContainer & points)
  {
    this->Set(m_FixedLandmarks, points);
  }
  const LandmarkPointContainer &
  GetFixedLandmarks() const
  {
    return m_FixedLandmarks;
  }
  void
  SetMovingLandmarks(const LandmarkPointContainer & points)
  {
    this->Set(m_MovingLandmarks, points);
  }
  const LandmarkPointContainer &
  GetMovingLandmarks() const
  {
    return m_MovingLandmarks;
  }

  /** Null: New(). */
  void
  SetEngine(GaussNewtonRegistrationEngine * engine);
  GaussNewtonRegistrationEngine *
  GetEngine() const
  {
    return m_Engine;
  }

  /** When the engine or the metric was changed last. */
  ModifiedTimeType
  GetMTimeOfParts() const;
  /**@}*/

  /** \name State of the current or last run */
  /**@{*/
  void
  Stop()
  {
    m_StopRequested = true;
  }
  /** Asked what to do next where there is no other request. */
  void
  SetRequestSource(std::function<gnr::Request()> source)
  {
    m_RequestSource = std::move(source);
  }
  unsigned int
  GetElapsedIterations() const
  {
    return m_ElapsedIterations;
  }
  unsigned int
  GetCurrentLevel() const
  {
    return m_CurrentLevel;
  }
  const std::string &
  GetLatestMessage() const
  {
    return m_LatestMessage;
  }
  double
  GetMismatch() const;
  const gnr::IterationRecord &
  GetCurrentIterationRecord() const;
  const gnr::LevelRecord &
  GetCurrentLevelRecord() const;
  const gnr::Report &
  GetReport() const;
  const MemoryNeed &
  GetMemoryNeed() const;
  /**@}*/

  /** \name Outputs */
  /**@{*/
  /** An output; throws if it is not computed. */
  DataObject *
  GetOutput(Output index) const;
  /** The output WholeTransform; from now on, every run makes it. */
  DecoratedTransformType *
  GetTransformOutput();
  /** What it holds; throws if there is nothing. */
  TransformType *
  GetTransform();
  /**@}*/

  /** \name Pipeline */
  /**@{*/
  MemoryNeed
  PlanMemory();
  void
  Update();
  /** Whether this process takes everything from the root. */
  bool
  HasNoInputs() const;
  void
  VerifyInputInformation() const;
  void
  GenerateOutputInformation();
  /** After that of ProcessObject. */
  void
  GenerateInputRequestedRegion();
  void
  EnlargeOutputRequestedRegion(DataObject * output) const;
  /** Before that of ProcessObject. */
  void
  CacheInputReleaseDataFlags();
  void
  GenerateData();
  void
  Print(std::ostream & os, Indent indent, const gnr::OptionTable & table) const;
  /**@}*/

private:
  using Bridge = GaussNewtonRegistrationBridge;
  using Distribution = GaussNewtonRegistrationDistribution;
  using InputFlags = std::vector<bool>; // of all inputs, by index

  /** Turns what the solver tells into ITK events, and abort and stop requests into its answers. */
  class Listener;

  template <typename TImage>
  static RealImageType::ConstPointer
  CastToReal(const DataObject * object);

  [[noreturn]] void
  Throw(const std::string & description) const;

  /** An input, or an output, of a type; null where there is none. */
  template <typename TObject = DataObject>
  TObject *
  GetInput(unsigned int index) const
  {
    const auto inputs = m_Filter->GetIndexedInputs();
    return index < inputs.size() ? dynamic_cast<TObject *>(inputs[index].GetPointer()) : nullptr;
  }
  template <typename TObject = DataObject>
  TObject *
  GetOutputAs(Output index) const
  {
    return dynamic_cast<TObject *>(m_Filter->GetIndexedOutputs()[index].GetPointer());
  }

  /** What is set here, with what is set in the engine. */
  Settings
  MakeSettings() const;
  std::shared_ptr<Distribution>
  MakeDistribution(std::shared_ptr<gnr::Communicator> communicator) const;
  bool
  IsShared() const;
  /** f() on all processes of a communicator, with their errors shared. */
  void
  RunTogether(const std::shared_ptr<gnr::Communicator> & communicator, const std::function<void()> & f);
  void
  UpdateTogether();

  /** Images that are not needed after the solver has read them and whose ReleaseDataFlag is on. */
  InputFlags
  FindReleasableInputs() const;
  MemoryNeed
  PlanMemoryOfInputs();
  /** The images of this run; while the inputs are complete. */
  MemoryNeed
  MeasureImages(const Bridge & bridge, const InputFlags & releasable) const;

  void
  PrepareInputs(Bridge & bridge);
  void
  Start();
  void
  MakeOutputs(Bridge & bridge);
  VectorImageType::ConstPointer
  PutField(Output index, Bridge & bridge, gnr::Field field);
  template <typename TImage>
  TImage *
  AllocateOutput(Output index) const;
  bool
  HasWhole(Output index) const;
  void
  MakeTransform();

  ProcessObject *                             m_Filter;
  PixelType                                   m_FixedPixels;
  PixelType                                   m_MovingPixels;
  Settings                                    m_Settings{};
  LandmarkPointContainer                      m_FixedLandmarks{};
  LandmarkPointContainer                      m_MovingLandmarks{};
  GaussNewtonRegistrationEngine::Pointer      m_Engine;
  GaussNewtonRegistrationMetric::ConstPointer m_CustomMetric{}; // null unless one of the caller's own was added
  TransformType::Pointer m_NoTransform{}; // stands where none is made yet; null: nobody has asked for it

  std::shared_ptr<Distribution> m_Distribution{}; // of the current or the last run by Update()
  bool                          m_IsUpdatingTogether{ false };
  InputFlags                    m_ReleasableInputs{};

  std::atomic<bool>                   m_StopRequested{ false };
  std::function<gnr::Request()>       m_RequestSource{};
  unsigned int                        m_ElapsedIterations{ 0 };
  unsigned int                        m_CurrentLevel{ 0 };
  std::optional<gnr::LevelRecord>     m_CurrentLevelRecord{};
  std::optional<gnr::IterationRecord> m_CurrentIterationRecord{};
  std::optional<gnr::Report>          m_Report{};
  MemoryNeed                          m_MemoryNeed{};
  std::string                         m_LatestMessage{};
};

template <typename TImage>
auto
GaussNewtonRegistrationRun::CastToReal(const DataObject * object) -> RealImageType::ConstPointer
{
  const auto * image = static_cast<const TImage *>(object);
  if constexpr (std::is_same_v<TImage, RealImageType>)
  {
    return image;
  }
  else
  {
    // A graft keeps the inner filter from running the pipeline above the image again.
    const auto source = TImage::New();
    source->Graft(image);
    const auto cast = CastImageFilter<TImage, RealImageType>::New();
    cast->SetInput(source);
    cast->GetOutput()->SetRequestedRegion(image->GetBufferedRegion());
    cast->Update();
    return cast->GetOutput();
  }
}

} // namespace itk

// Methods of a filter whose run is m_Run, of type RunType; getters of what is not there throw.
#define gnrGetMacro(name, type, expression)                                                                            \
  type Get##name() const                                                                                               \
  {                                                                                                                    \
    return static_cast<type>(expression);                                                                              \
  }                                                                                                                    \
  ITK_MACROEND_NOOP_STATEMENT
#define gnrOutputMacro(name, type)                                                                                     \
  type * Get##name()                                                                                                   \
  {                                                                                                                    \
    return static_cast<type *>(m_Run.GetOutput(RunType::name));                                                        \
  }                                                                                                                    \
  const type * Get##name() const                                                                                       \
  {                                                                                                                    \
    return static_cast<type *>(m_Run.GetOutput(RunType::name));                                                        \
  }                                                                                                                    \
  ITK_MACROEND_NOOP_STATEMENT
#define gnrSetGetMacro(name, type)                                                                                     \
  void Set##name(type value)                                                                                           \
  {                                                                                                                    \
    m_Run.Set##name(value);                                                                                            \
  }                                                                                                                    \
  gnrGetMacro(name, type, m_Run.Get##name())
#define gnrParameterMacro(name, type, member)                                                                          \
  void Set##name(type value)                                                                                           \
  {                                                                                                                    \
    m_Run.Set(m_Run.GetSettings().member, value);                                                                      \
  }                                                                                                                    \
  gnrGetMacro(name, type, m_Run.Get(m_Run.GetSettings().member, #name))
#define gnrSwitchMacro(name, member)                                                                                   \
  gnrParameterMacro(name, bool, member);                                                                               \
  itkBooleanMacro(name)

#endif
