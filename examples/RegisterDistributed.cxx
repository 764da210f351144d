// SPDX-License-Identifier: Apache-2.0
// One registration by several processes, none of which ever holds a whole field:
//
//   mpirun -np 4 RegisterDistributed fixed.nii moving.nii displacement.mha
//
// Each process reads its part of the images (NIfTI, NRRD and MetaImages without compression can be read in parts) and
// writes its slab of the displacement into one file.

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkUncompressedImageIO.h"

#include <mpi.h>

#include <cstdlib>
#include <iostream>

int
main(int argc, char * argv[])
{
  MPI_Init(&argc, &argv);
  int rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (argc != 4)
  {
    if (rank == 0)
    {
      std::cerr << "Usage: mpirun -np N " << argv[0] << " fixed moving displacement.mha" << std::endl;
    }
    MPI_Finalize();
    return EXIT_FAILURE;
  }

  int result = EXIT_SUCCESS;
  try
  {
    using ImageType = itk::Image<float, 3>;
    using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType>;
    const auto fixed = itk::ImageFileReader<ImageType>::New();
    const auto moving = itk::ImageFileReader<ImageType>::New();
    fixed->SetFileName(argv[1]);
    moving->SetFileName(argv[2]);
    fixed->SetImageIO(itk::UncompressedImageIO::New()); // reads what is asked for, from all three formats
    moving->SetImageIO(itk::UncompressedImageIO::New());

    const auto filter = FilterType::New();
    // The default, too, once MPI is initialised; but here each process keeps its slab of the outputs.
    const auto engine = itk::GaussNewtonRegistrationEngine::MPI(MPI_Comm_c2f(MPI_COMM_WORLD));
    engine->GatherOutputOff();
    filter->SetEngine(engine);
    filter->ComputeInverseDisplacementFieldOff();
    filter->SetFixedImage(fixed->GetOutput()); // on every process; or on process 0 alone
    filter->SetMovingImage(moving->GetOutput());
    filter->Update(); // on every process; errors reach all of them

    // The first process makes the file, the others paste their planes into it.
    const auto writer = itk::ImageFileWriter<FilterType::DisplacementFieldType>::New();
    writer->SetFileName(argv[3]);
    writer->SetInput(filter->GetDisplacementField());
    const auto         whole = filter->GetDisplacementField()->GetLargestPossibleRegion();
    const auto         slab = filter->GetDisplacementField()->GetBufferedRegion();
    itk::ImageIORegion region(3);
    for (unsigned int d = 0; d < 3; ++d)
    {
      region.SetIndex(d, slab.GetIndex(d) - whole.GetIndex(d));
      region.SetSize(d, slab.GetSize(d));
    }
    if (size > 1)
    {
      writer->SetIORegion(region);
    }
    for (int turn = 0; turn < size; ++turn)
    {
      if (turn == rank)
      {
        writer->Update();
        std::cout << "process " << rank << " wrote planes " << region.GetIndex(2) << " to "
                  << region.GetIndex(2) + region.GetSize(2) - 1 << std::endl;
      }
      MPI_Barrier(MPI_COMM_WORLD);
    }
    if (rank == 0)
    {
      std::cout << "mismatch " << filter->GetMismatch() << " by " << filter->GetReport().processes << " processes"
                << std::endl;
    }
  }
  catch (const itk::ExceptionObject & error)
  {
    if (rank == 0)
    {
      std::cerr << error.GetDescription() << std::endl;
    }
    result = EXIT_FAILURE;
  }
  MPI_Finalize();
  return result;
}
