// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_SlabTransform_h
#define gnr_parallel_SlabTransform_h

#include "kernels/Buffer.h"
#include "parallel/Domain.h"

#include <array>
#include <vector>

namespace gnr
{

/** Rows of frequencies along y that follow one another also in a plane. */
struct RowRun
{
  int ky = 0; ///< of the first, as the transform along y numbers them
  int rows = 0;
};
/** The rows of a process: of positive frequencies, and of negative ones. */
using RowRuns = std::array<RowRun, 2>;

/** The rows of `rank` of a spectrum with `ny` of them, if the grid that decides has `ownerRows`. On its own grid every
 * frequency has a row; where another one decides the Nyquist mode has none. */
RowRuns
rowRunsOf(int ny, int ownerRows, bool isOwner, int ranks, int rank);

/** The part of the Fourier transform that lies before the kernels that work along z, and its inverse: the transforms of
 * the local planes, and the transposition that gives each process some frequencies along y and all of z [F1].
 *
 * For one process there is nothing to transpose. For several, every process sends to every other one message for each
 * component, all in one exchange: nxHalf (ny - own rows) nz complex numbers of its nz planes, all components alike. */
class SlabTransform
{
public:
  /** Components of a spectrum, all z of this process's rows. */
  class Rows
  {
  public:
    /** Where each component is. */
    Complex * const *
    data() const
    {
      return spectrum_.data();
    }
    /** Where it has what. */
    const SpectrumLayout &
    layout() const
    {
      return layout_;
    }
    void
    reset()
    {
      *this = Rows();
    }

  private:
    friend class SlabTransform;
    std::array<ComplexBuffer, 3> memory_; ///< of each component, or of all together
    std::array<Complex *, 3>     spectrum_{};
    SpectrumLayout               layout_;
  };

  /** \param owner says which process has which frequencies: `domain` itself, or a finer one of the same communicator,
   * so that both spectra meet on one process. Of a coarser grid the rows of shared frequencies exist only, those
   * without the Nyquist modes. */
  SlabTransform(Domain & domain, const Domain & owner);

  /** Components, one behind the other, become spectra. Collective. */
  Rows
  forward(const Real * in, int components);
  /** Room for spectra. */
  Rows
  rows(int components) const;
  /** The way back, which destroys the spectra. out may be the in of forward(). Collective. */
  void
  backward(Rows & rows, Real * out, int components);

private:
  int
  rowsOf(int rank) const
  {
    return runs_[rank][0].rows + runs_[rank][1].rows;
  }
  bool
  isWhole() const
  {
    return domain_.communicator().size() == 1;
  }
  /** Gives rows the memory of a component, or of all. */
  void
  allocate(Rows & rows, int component, int components) const;
  /** Whether components are kept row by row side by side. */
  bool
  isJoined(int components) const
  {
    return components > 1 && isWhole() && domain_.kernels().joinsComponents();
  }
  /** Complex numbers that go to `rank` in one component. */
  std::size_t
  blockSize(int rank) const;
  /** Room for what goes to the others, or comes from them. */
  ComplexBuffer
  blocksOf(int components) const;
  /** Messages of all components from or to `rows` (for the z of the others) and from or to `blocks` (for their rows).
   */
  void
  describe(const Rows &           rows,
           Complex *              blocks,
           int                    components,
           std::vector<Message> & ofRows,
           std::vector<Message> & ofBlocks) const;
  /** Copies between the rows of a rank in the planes and a block of them without gaps. */
  void
  pack(int rank, const Complex * planes, Complex * block) const;
  void
  unpack(int rank, const Complex * block, Complex * planes) const;
  void
  announce(bool isForward, int components) const;

  Domain &             domain_;
  const int            ownerRows_;
  const bool           isOwner_;
  SpectrumLayout       layout_;
  std::vector<RowRuns> runs_;
};

} // namespace gnr

#endif
