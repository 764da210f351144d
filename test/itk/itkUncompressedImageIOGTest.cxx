// SPDX-License-Identifier: Apache-2.0
// Parts of image files without compression, against the numbers that were written and against ITK's reader of the whole
// file. The files are made here byte by byte, so that byte order, gaps and types are what they are said to be.

#include "itkGaussNewtonRegistrationError.h"
#include "itkUncompressedImageIO.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkImageRegionConstIteratorWithIndex.h"
#include "itkVector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace
{

using Region = itk::ImageRegion<3>;
using Bytes = std::string;

constexpr itk::SizeValueType nx = 7;
constexpr itk::SizeValueType ny = 5;
constexpr itk::SizeValueType nz = 11;
constexpr itk::SizeValueType voxels = nx * ny * nz;

/** A folder of its own for each test. */
std::filesystem::path
Folder()
{
  const auto * const info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string        name = std::string(info->test_suite_name()) + "." + info->name();
  std::replace(name.begin(), name.end(), '/', '-');
  const auto folder = std::filesystem::path(GNR_TEST_OUTPUT) / "planes" / name;
  std::filesystem::create_directories(folder);
  return folder;
}

std::string
Save(const std::string & name, const Bytes & bytes)
{
  const std::string path = (Folder() / name).string();
  std::ofstream     stream(path, std::ios::binary);
  stream << bytes;
  EXPECT_TRUE(stream.good()) << path;
  return path;
}

bool
IsSystemBig()
{
  const std::uint16_t one = 1;
  char                first = 0;
  std::memcpy(&first, &one, 1);
  return first == 0;
}

template <typename T>
Bytes
Raw(T value, bool big)
{
  Bytes bytes(sizeof(T), '\0');
  std::memcpy(&bytes[0], &value, sizeof(T));
  if (big != IsSystemBig())
  {
    std::reverse(bytes.begin(), bytes.end());
  }
  return bytes;
}

template <typename T>
void
Put(Bytes & header, std::size_t place, T value, bool big)
{
  header.replace(place, sizeof(T), Raw(value, big));
}

/** Values that use every byte of the type and lie in no order. */
template <typename T>
T
ValueAt(itk::SizeValueType i)
{
  const auto mixed = static_cast<std::uint64_t>(i + 1) * 0x9E3779B97F4A7C15ULL;
  if constexpr (std::is_floating_point<T>::value)
  {
    return static_cast<T>((static_cast<double>(mixed >> 11) / 9007199254740992.0 - 0.5) * 3000.0);
  }
  else
  {
    return static_cast<T>(mixed >> (64 - 8 * sizeof(T)));
  }
}

template <typename T>
Bytes
Body(bool big, itk::SizeValueType count = voxels)
{
  Bytes bytes;
  for (itk::SizeValueType i = 0; i < count; ++i)
  {
    bytes += Raw(ValueAt<T>(i), big);
  }
  return bytes;
}

struct TypeNames
{
  int         nifti;
  std::string nrrd;
  std::string meta;
};

template <typename T>
TypeNames
NamesOf()
{
  constexpr bool isReal = std::is_floating_point<T>::value;
  constexpr bool isSigned = std::is_signed<T>::value;
  switch (sizeof(T))
  {
    case 1:
      return isSigned ? TypeNames{ 256, "int8", "MET_CHAR" } : TypeNames{ 2, "uint8", "MET_UCHAR" };
    case 2:
      return isSigned ? TypeNames{ 4, "int16", "MET_SHORT" } : TypeNames{ 512, "uint16", "MET_USHORT" };
    case 4:
      return isReal     ? TypeNames{ 16, "float", "MET_FLOAT" }
             : isSigned ? TypeNames{ 8, "int32", "MET_INT" }
                        : TypeNames{ 768, "uint32", "MET_UINT" };
    default:
      return isReal     ? TypeNames{ 64, "double", "MET_DOUBLE" }
             : isSigned ? TypeNames{ 1024, "int64", "MET_LONG_LONG" }
                        : TypeNames{ 1280, "uint64", "MET_ULONG_LONG" };
  }
}

/** The header of a NIfTI-1 file, oblique and anisotropic. */
template <typename T>
Bytes
NiftiHeader(bool big, float slope = 1, float intercept = 0, std::size_t offset = 352, std::int16_t axes = 3)
{
  Bytes header(offset, '\0');
  Put<std::int32_t>(header, 0, 348, big);
  const std::int16_t dim[] = { axes, nx, ny, nz, 1, 1, 1, 1 };
  const float        pixdim[] = { 1, 1.5F, 2, 0.75F, 1, 1, 1, 1 };
  const float rows[] = { 1.2F, -1.2F, 0, -20, 0.9F, 1.6F, 0, 12, 0, 0, 0.75F, 5 }; // 1.5, 2 and 0.75 mm, turned about z
  for (int i = 0; i < 8; ++i)
  {
    Put(header, 40 + 2 * i, dim[i], big);
    Put(header, 76 + 4 * i, pixdim[i], big);
  }
  Put<std::int16_t>(header, 70, static_cast<std::int16_t>(NamesOf<T>().nifti), big);
  Put<std::int16_t>(header, 72, 8 * sizeof(T), big);
  Put<float>(header, 108, static_cast<float>(offset), big);
  Put(header, 112, slope, big);
  Put(header, 116, intercept, big);
  header[123] = 2; // mm
  Put<std::int16_t>(header, 254, 1, big);
  for (int i = 0; i < 12; ++i)
  {
    Put(header, 280 + 4 * i, rows[i], big);
  }
  header.replace(344, 3, "n+1");
  return header;
}

Bytes
NrrdHeader(const std::string & type, bool big, const std::string & more = "encoding: raw\n", int components = 1)
{
  const std::string sizes = std::to_string(nx) + " " + std::to_string(ny) + " " + std::to_string(nz);
  const bool        isVector = components > 1;
  return "NRRD0004\n# encoding: gzip is not what this line says\ntype: " + type +
         "\ndimension: " + (isVector ? "4" : "3") +
         "\nspace: left-posterior-superior\nsizes: " + (isVector ? std::to_string(components) + " " : "") + sizes +
         "\nspace directions: " + (isVector ? "none " : "") +
         "(1.2,0.9,0) (-1.2,1.6,0) (0,0,0.75)\nkinds: " + (isVector ? "vector " : "") +
         "domain domain domain\nendian: " + (big ? "big" : "little") + "\nspace origin: (20,-12,5)\n" + more +
         "encoding:=gzip, says a key that is no field\n";
}

Bytes
MetaHeader(const std::string & type, bool big, const std::string & data = "LOCAL", const std::string & more = "")
{
  return std::string("ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = ") +
         (big ? "True" : "False") + "\nTransformMatrix = 0.8 0.6 0 -0.6 0.8 0 0 0 1\nOffset = 20 -12 5\n" +
         "ElementSpacing = 1.5 2 0.75\nDimSize = " + std::to_string(nx) + " " + std::to_string(ny) + " " +
         std::to_string(nz) + "\n" + more + "ElementType = " + type + "\nElementDataFile = " + data + "\n";
}

/** What is asked for: everything, thin slabs at the ends and within, a box, a row, a voxel. */
std::vector<Region>
Requests()
{
  return { Region({ { 0, 0, 0 } }, { { nx, ny, nz } }),     Region({ { 0, 0, 0 } }, { { nx, ny, 1 } }),
           Region({ { 0, 0, nz - 1 } }, { { nx, ny, 1 } }), Region({ { 0, 0, 4 } }, { { nx, ny, 3 } }),
           Region({ { 2, 1, 3 } }, { { 4, 3, 5 } }),        Region({ { 0, 2, 6 } }, { { nx, 1, 2 } }),
           Region({ { 6, 4, 10 } }, { { 1, 1, 1 } }) };
}

/** Reads a part with this module's class; returns the bytes of voxels that it took for it. */
template <typename TImage>
itk::SizeValueType
ReadPart(const std::string & path, const Region & part, typename TImage::Pointer & image)
{
  const auto io = itk::UncompressedImageIO::New();
  const auto reader = itk::ImageFileReader<TImage>::New();
  reader->SetImageIO(io);
  reader->SetFileName(path);
  reader->UpdateOutputInformation();
  EXPECT_EQ(io->GetNumberOfBytesRead(), 0U);
  reader->GetOutput()->SetRequestedRegion(part);
  reader->Update();
  image = reader->GetOutput();
  EXPECT_EQ(image->GetBufferedRegion(), part);
  return io->GetNumberOfBytesRead();
}

template <typename TImage>
typename TImage::Pointer
ReadWhole(const std::string & path)
{
  const auto reader = itk::ImageFileReader<TImage>::New();
  reader->SetFileName(path);
  reader->Update();
  return reader->GetOutput();
}

/** Every request gives the voxels of ITK's reader to the bit, on its grid, from no more bytes than they are. */
template <typename TImage>
void
ExpectAsItk(const std::string & path, std::size_t fileBytesPerVoxel)
{
  SCOPED_TRACE(path);
  const auto whole = ReadWhole<TImage>(path);
  for (const Region & part : Requests())
  {
    typename TImage::Pointer image;
    EXPECT_EQ(ReadPart<TImage>(path, part, image), part.GetNumberOfPixels() * fileBytesPerVoxel);
    EXPECT_EQ(image->GetLargestPossibleRegion(), whole->GetLargestPossibleRegion());
    EXPECT_EQ(image->GetSpacing(), whole->GetSpacing());
    EXPECT_EQ(image->GetOrigin(), whole->GetOrigin());
    EXPECT_EQ(image->GetDirection(), whole->GetDirection());
    itk::SizeValueType different = 0;
    for (itk::ImageRegionConstIteratorWithIndex<TImage> it(image, part); !it.IsAtEnd(); ++it)
    {
      const auto ours = it.Get();
      const auto theirs = whole->GetPixel(it.GetIndex());
      different += std::memcmp(&ours, &theirs, sizeof(ours)) == 0 ? 0 : 1;
    }
    EXPECT_EQ(different, 0U) << part;
  }
}

/** The voxels are those that were written. */
template <typename T>
void
ExpectAsWritten(const std::string & path)
{
  using ImageType = itk::Image<T, 3>;
  const Region                part({ { 0, 0, 3 } }, { { nx, ny, 4 } });
  typename ImageType::Pointer image;
  ReadPart<ImageType>(path, part, image);
  for (itk::ImageRegionConstIteratorWithIndex<ImageType> it(image, part); !it.IsAtEnd(); ++it)
  {
    const auto index = it.GetIndex();
    ASSERT_EQ(it.Get(), ValueAt<T>(index[0] + nx * (index[1] + ny * index[2]))) << path << index;
  }
}

std::string
MessageOf(const std::string & path)
{
  const auto reader = itk::ImageFileReader<itk::Image<float, 3>>::New();
  reader->SetImageIO(itk::UncompressedImageIO::New());
  reader->SetFileName(path);
  try
  {
    reader->Update();
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    EXPECT_EQ(error.GetKind(), itk::GaussNewtonRegistrationErrorEnums::Kind::BadInput);
    return error.GetDescription();
  }
  return "no error";
}

void
ExpectMessage(const std::string & path, const std::string & words)
{
  const std::string message = MessageOf(path);
  EXPECT_EQ(message.rfind(path, 0), 0U) << message;
  EXPECT_NE(message.find(words), std::string::npos) << message;
}

template <typename T>
class UncompressedImageIO : public ::testing::Test
{};
using ComponentTypes =
  ::testing::Types<std::uint8_t, signed char, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, float, double>;
TYPED_TEST_SUITE(UncompressedImageIO, ComponentTypes);

TYPED_TEST(UncompressedImageIO, ReadsWhatItkReads)
{
  using T = TypeParam;
  const auto names = NamesOf<T>();
  for (const bool big : { false, true })
  {
    const std::string end = big ? "-big" : "-little";
    const Bytes       body = Body<T>(big);
    for (const std::string & path :
         { Save("image" + end + ".nii", NiftiHeader<T>(big) + body),
           Save("late" + end + ".nii", NiftiHeader<T>(big, 0, 0, 1000) + body), // after an extension
           Save("image" + end + ".nrrd", NrrdHeader(names.nrrd, big) + "\n" + body),
           Save("image" + end + ".mha", MetaHeader(names.meta, big) + body) })
    {
      ExpectAsWritten<T>(path);
      ExpectAsItk<itk::Image<T, 3>>(path, sizeof(T));
      ExpectAsItk<itk::Image<float, 3>>(path, sizeof(T)); // what the programs ask for
    }
  }
}

TYPED_TEST(UncompressedImageIO, RescalesAsItkDoes)
{
  using T = TypeParam;
  const struct
  {
    float slope;
    float intercept;
  } scales[] = { { 0.3F, -7.7F }, { -2.5F, 0 }, { 1, 1024 }, { 0, 3 } };
  for (const bool big : { false, true })
  {
    int number = 0;
    for (const auto & scale : scales)
    {
      const std::string path = Save("scaled" + std::to_string(number++) + (big ? "-big" : "-little") + ".nii",
                                    NiftiHeader<T>(big, scale.slope, scale.intercept) + Body<T>(big));
      ExpectAsItk<itk::Image<float, 3>>(path, sizeof(T));
      ExpectAsItk<itk::Image<double, 3>>(path, sizeof(T));
      itk::Image<double, 3>::Pointer image;
      ReadPart<itk::Image<double, 3>>(path, Region({ { 0, 0, 0 } }, { { nx, ny, nz } }), image);
      const double slope = scale.slope == 0 ? 1.0 : scale.slope;
      for (itk::SizeValueType i = 0; i < voxels; ++i)
      {
        const double expected = slope * static_cast<double>(ValueAt<T>(i)) + static_cast<double>(scale.intercept);
        // Rounded to single precision before and after, except for doubles.
        const double size = std::abs(slope * static_cast<double>(ValueAt<T>(i))) + std::abs(scale.intercept);
        ASSERT_NEAR(image->GetBufferPointer()[i], expected, 1.2e-7 * size);
      }
    }
  }
}

TEST(UncompressedImage, VectorsInOtherFormatsThanNifti)
{
  using FieldType = itk::Image<itk::Vector<float, 3>, 3>;
  for (const bool big : { false, true })
  {
    const Bytes body = Body<float>(big, 3 * voxels);
    for (const std::string & path :
         { Save("field.nrrd", NrrdHeader("float", big, "encoding: raw\n", 3) + "\n" + body),
           Save("field.mha", MetaHeader("MET_FLOAT", big, "LOCAL", "ElementNumberOfChannels = 3\n") + body) })
    {
      ExpectAsItk<FieldType>(path, 3 * sizeof(float));
      FieldType::Pointer image;
      ReadPart<FieldType>(path, Region({ { 0, 0, 5 } }, { { nx, ny, 1 } }), image);
      EXPECT_EQ(image->GetPixel({ { 2, 3, 5 } })[1], ValueAt<float>(3 * (2 + nx * (3 + ny * 5)) + 1));
    }
  }
}

TEST(UncompressedImage, VoxelsInAnotherFile)
{
  const Bytes body = Body<std::int16_t>(true);
  const Bytes gap(123, 'x');
  Save("plain.raw", body);
  Save("after.raw", gap + body);
  const auto nrrd = [](const std::string & more) { return NrrdHeader("short", true, more); };
  for (const std::string & path :
       { Save("plain.nhdr", nrrd("encoding: raw\ndata file: plain.raw\n")),
         Save("skip.nhdr", nrrd("byte skip: 123\nencoding: raw\ndatafile: after.raw\n")),
         Save("last.nhdr", nrrd("encoding: raw\nbyteskip: -1\ndata file: after.raw\n")),
         Save("dos.nrrd",
              "NRRD0004\r\ntype: short\r\ndimension: 3\r\nsizes: 7 5 11\r\nendian: big\r\nencoding: raw\r\n\r\n" +
                body),
         Save("plain.mhd", MetaHeader("MET_SHORT", true, "plain.raw")),
         Save("skip.mhd", MetaHeader("MET_SHORT", true, "after.raw", "HeaderSize = 123\n")),
         Save("last.mhd", MetaHeader("MET_SHORT", true, "after.raw", "HeaderSize = -1\n")),
         Save("last.mha", MetaHeader("MET_SHORT", true, "LOCAL", "HeaderSize = -1\n") + body) })
  {
    ExpectAsWritten<std::int16_t>(path);
    ExpectAsItk<itk::Image<float, 3>>(path, 2);
  }
  ExpectMessage(Save("lost.mhd", MetaHeader("MET_SHORT", true, "lost.raw")), "lost.raw");
}

TEST(UncompressedImage, AFourthAxisOfOne)
{
  ExpectAsItk<itk::Image<float, 3>>(Save("four.nii", NiftiHeader<float>(false, 1, 0, 352, 4) + Body<float>(false)), 4);
}

TEST(UncompressedImage, RescaledWithoutAnOrientation)
{
  Bytes header = NiftiHeader<std::int16_t>(false, 0.5F, 2);
  Put<std::int16_t>(header, 254, 0, false);
  ExpectAsItk<itk::Image<float, 3>>(Save("short.nii", header + Body<std::int16_t>(false)), 2);
  header = NiftiHeader<float>(false, 0.5F, 2);
  Put<std::int16_t>(header, 254, 0, false);
  ExpectAsItk<itk::Image<float, 3>>(Save("float.nii", header + Body<float>(false)), 4);
}

TEST(UncompressedImage, NoVoxelsInsideOfTheHeader)
{
  Bytes header = NiftiHeader<float>(false, 1, 0, 348);
  Put<float>(header, 108, 0, false); // NIfTI's library takes this for the end of the header
  const std::string path = Save("early.nii", header + Body<float>(false));
  ExpectAsWritten<float>(path);
  ExpectAsItk<itk::Image<float, 3>>(path, 4);
}

TEST(UncompressedImage, ATruncatedFileIsRefusedBeforeAVoxelIsRead)
{
  const Bytes body = Body<float>(false);
  for (const auto & [name, header] : { std::make_pair("short.nii", NiftiHeader<float>(false)),
                                       std::make_pair("short.nrrd", NrrdHeader("float", false) + "\n"),
                                       std::make_pair("short.mha", MetaHeader("MET_FLOAT", false)) })
  {
    const auto        complete = header.size() + body.size();
    const std::string path = Save(name, header + body.substr(0, body.size() - 1));
    ExpectMessage(
      path, "the file is truncated (" + std::to_string(complete - 1) + " bytes of " + std::to_string(complete) + ")");
    EXPECT_EQ(MessageOf(Save(name, header + body)), "no error");
  }
  const std::string raw = Save("short.raw", body.substr(0, 100));
  const std::string message = MessageOf(Save("short.mhd", MetaHeader("MET_FLOAT", false, "short.raw")));
  EXPECT_EQ(message.rfind(raw + ": the file is truncated (100 bytes of " + std::to_string(body.size()), 0), 0U)
    << message;
}

TEST(UncompressedImage, AFileThatShrinksMeanwhileIsNoticed)
{
  const Bytes       complete = NiftiHeader<float>(false) + Body<float>(false);
  const std::string path = Save("shrinks.nii", complete);
  const auto        reader = itk::ImageFileReader<itk::Image<float, 3>>::New();
  reader->SetImageIO(itk::UncompressedImageIO::New());
  reader->SetFileName(path);
  reader->UpdateOutputInformation();
  std::filesystem::resize_file(path, complete.size() - 10);
  EXPECT_THROW(reader->Update(), itk::GaussNewtonRegistrationError);
}

TEST(UncompressedImage, AFileThatIsReplacedMeanwhileIsNoticed)
{
  const Bytes       complete = NiftiHeader<float>(false) + Body<float>(false);
  const std::string path = Save("replaced.nii", complete);
  const auto        reader = itk::ImageFileReader<itk::Image<float, 3>>::New();
  reader->SetImageIO(itk::UncompressedImageIO::New());
  reader->SetFileName(path);
  reader->Update();
  const auto before = std::filesystem::last_write_time(path);
  Save("replaced.nii", NiftiHeader<float>(false) + Bytes(complete.size() - 352, '\0'));
  std::filesystem::last_write_time(path, before + std::chrono::seconds(1)); // clocks of file systems are coarse
  reader->GetOutput()->ReleaseData();
  try
  {
    reader->Update();
    FAIL() << "no error";
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    EXPECT_EQ(std::string(error.GetDescription()).rfind(path + ": has changed since it was first read", 0), 0U)
      << error.GetDescription();
  }
}

TEST(UncompressedImage, AHeaderThatCannotBeMeantIsRefused)
{
  Bytes header = NiftiHeader<float>(false);
  Put<float>(header, 280, std::numeric_limits<float>::quiet_NaN(), false);
  ExpectMessage(Save("nan.nii", header + Body<float>(false)), "its header has nan in its sform");
  header = NiftiHeader<float>(false);
  Put<std::int16_t>(header, 40, 32767, false);
  ExpectMessage(Save("axes.nii", header + Body<float>(false)), "its header tells of 32767 axes");
}

TEST(UncompressedImage, ValuesThatAreNotFiniteStay)
{
  Bytes body = Body<float>(true);
  Put(body, 4 * 20, std::numeric_limits<float>::quiet_NaN(), true);
  itk::Image<float, 3>::Pointer image;
  ReadPart<itk::Image<float, 3>>(
    Save("nan.nii", NiftiHeader<float>(true) + body), Region({ { 0, 0, 0 } }, { { nx, ny, 1 } }), image);
  EXPECT_TRUE(std::isnan(image->GetBufferPointer()[20]));
}

TEST(UncompressedImage, WhatCannotBeReadInPartsIsRefused)
{
  const auto image = ReadWhole<itk::Image<float, 3>>(Save("image.nii", NiftiHeader<float>(false) + Body<float>(false)));
  for (const char * name : { "packed.nii.gz", "packed.nrrd", "packed.mha" })
  {
    const std::string path = (Folder() / name).string();
    const auto        writer = itk::ImageFileWriter<itk::Image<float, 3>>::New();
    writer->SetInput(image);
    writer->SetFileName(path);
    writer->UseCompressionOn();
    image->SetMetaDataDictionary(itk::MetaDataDictionary()); // of NIfTI
    writer->Update();
    ExpectMessage(path, std::string(name) == "packed.nrrd" ? "parts: its encoding is gz" : "parts: it is compressed");
    ExpectMessage(path, "Write it without compression as .nii, .nrrd or .mha, or read it as a whole");
    EXPECT_FALSE(itk::UncompressedImageIO::New()->CanReadFile(path.c_str()));
  }
  Bytes vectors = NiftiHeader<float>(false, 1, 0, 352, 5);
  Put<std::int16_t>(vectors, 50, 3, false);
  Put<std::int16_t>(vectors, 68, 1007, false);
  ExpectMessage(Save("field.nii", vectors + Body<float>(false, 3 * voxels)),
                "vectors, whose components NIfTI keeps apart");
  ExpectMessage(Save("last.nrrd",
                     "NRRD0004\ntype: float\ndimension: 4\nsizes: 7 5 11 3\nkinds: domain domain domain vector\n"
                     "endian: little\nencoding: raw\n\n" +
                       Body<float>(false, 3 * voxels)),
                "vectors, whose components it keeps apart");
  ExpectMessage(Save("text.nrrd", "NRRD0004\ntype: float\ndimension: 3\nsizes: 1 1 2\nencoding: ascii\n\n1 2\n"),
                "its voxels are text");
  ExpectMessage(Save("list.mhd", MetaHeader("MET_FLOAT", false, "LIST") + "a.raw\n"),
                "its voxels are in several files");
  Bytes half = NiftiHeader<float>(false);
  half.replace(344, 3, "ni1");
  Save("pair.img", Body<float>(false));
  ExpectMessage(Save("pair.hdr", half.substr(0, 348)), "its header and voxels are in two files");
  ExpectMessage(Save("no-image.txt", "nothing"), "is no image file that can be read");
}

TEST(UncompressedImage, IsReadOnlyAndSaysWhatItIs)
{
  const auto io = itk::UncompressedImageIO::New();
  EXPECT_STREQ(io->GetNameOfClass(), "UncompressedImageIO");
  EXPECT_TRUE(io->CanStreamRead());
  EXPECT_FALSE(io->CanWriteFile("image.nii"));
  EXPECT_THROW(io->WriteImageInformation(), itk::ExceptionObject);
  EXPECT_THROW(io->Write(nullptr), itk::ExceptionObject);
  std::ostringstream text;
  io->Print(text);
  EXPECT_NE(text.str().find("NumberOfBytesRead: 0"), std::string::npos);
}

} // namespace
