// SPDX-License-Identifier: Apache-2.0
// The memory of the fields: places inside the arena, and what a block that is reserved up front does to arrays.
#include "kernels/Arena.h"
#include "kernels/FieldMemory.h"
#include "kernels/SystemMemory.h"

#include "testing.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <stdexcept>
#include <vector>

namespace
{

using namespace gnr;

constexpr std::size_t line = Arena::alignment;
constexpr std::size_t endless = SIZE_MAX;

TEST(Arena, PiecesLieOneBehindTheOtherOnWholeLines)
{
  Arena arena;
  EXPECT_TRUE(arena.empty());
  EXPECT_EQ(arena.take(1, endless), 0u);
  EXPECT_EQ(arena.take(line, endless), line);
  EXPECT_EQ(arena.take(line + 1, endless), 2 * line);
  EXPECT_EQ(arena.take(0, endless), 4 * line); // even nothing has a place of its own
  EXPECT_EQ(arena.top(), 5 * line);
  EXPECT_EQ(arena.highWater(), 5 * line);
  EXPECT_FALSE(arena.empty());
}

TEST(Arena, TheSmallestGapThatHoldsItIsTakenBeforeNewGround)
{
  Arena      arena;
  const auto take = [&](std::size_t lines) { return arena.take(lines * line, endless); };
  const auto a = take(5), b = take(1), c = take(2), d = take(1), e = take(3), f = take(1);
  ASSERT_TRUE(a && b && c && d && e && f);
  arena.give(*a); // gaps of 5, 2 and 3 lines
  arena.give(*c);
  arena.give(*e);
  EXPECT_EQ(take(2), *c);
  EXPECT_EQ(take(2), *e);
  EXPECT_EQ(take(1), *e + 2 * line); // what is left of it
  EXPECT_EQ(take(6), 13 * line);
  EXPECT_EQ(take(5), 0u);
  EXPECT_EQ(arena.highWater(), 19 * line);
}

TEST(Arena, NeighbouringGapsAreOne)
{
  Arena      arena;
  const auto a = arena.take(line, endless), b = arena.take(line, endless), c = arena.take(line, endless);
  ASSERT_TRUE(a && b && c);
  arena.give(*b);
  arena.give(*a);
  EXPECT_EQ(arena.take(2 * line, endless), 0u);
}

TEST(Arena, RefusesWhatDoesNotFit)
{
  Arena arena;
  EXPECT_FALSE(arena.take(3 * line + 1, 3 * line));
  EXPECT_FALSE(arena.take(3 * line, 3 * line - 1));
  EXPECT_FALSE(arena.take(endless, endless));
  EXPECT_FALSE(arena.take(0, 0));
  EXPECT_TRUE(arena.take(2 * line, 3 * line));
  EXPECT_FALSE(arena.take(2 * line, 3 * line));
  EXPECT_FALSE(arena.take(1, line)); // the limit has fallen below what is there
  EXPECT_TRUE(arena.take(line, 3 * line));
  EXPECT_FALSE(arena.take(1, 3 * line));
  EXPECT_THROW(arena.give(line), std::logic_error);
}

/** The promise that a plan rests on: with the room that was used without a limit, all places are the same. */
TEST(Arena, ALimitAtTheHighWaterMarkChangesNothing)
{
  const auto play = [](Arena & arena, std::size_t limit) {
    std::mt19937             random(7);
    std::vector<std::size_t> alive, places;
    for (int step = 0; step < 5000; ++step)
    {
      if (alive.size() < 30 && random() % 5 < 3)
      {
        const auto place = arena.take(random() % 10000, limit);
        if (!place)
        {
          ADD_FAILURE() << "step " << step << " finds no room";
          break;
        }
        alive.push_back(*place);
        places.push_back(*place);
      }
      else if (!alive.empty())
      {
        const std::size_t which = random() % alive.size();
        arena.give(alive[which]);
        alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(which));
      }
    }
    return places;
  };
  Arena      unlimited, limited;
  const auto places = play(unlimited, endless);
  EXPECT_EQ(play(limited, unlimited.highWater()), places);
  EXPECT_EQ(limited.highWater(), unlimited.highWater());
}

TEST(Arena, GapsAreAllThatNoPieceHolds)
{
  Arena      arena;
  const auto a = arena.take(2 * line, endless), b = arena.take(line, endless), c = arena.take(line, endless);
  ASSERT_TRUE(a && b && c);
  arena.give(*a);
  arena.give(*c);
  std::vector<std::pair<std::size_t, std::size_t>> gaps;
  arena.forEachGap([&](std::size_t offset, std::size_t bytes) { gaps.emplace_back(offset, bytes); });
  EXPECT_EQ(gaps, (std::vector<std::pair<std::size_t, std::size_t>>{ { 0, 2 * line }, { 3 * line, line } }));
}

class FieldMemoryTest : public ::testing::Test
{
protected:
  // AddressSanitizer keeps arrays one line apart.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr std::size_t guard = line;
#else
  static constexpr std::size_t guard = 0;
#endif
  static constexpr std::size_t field = 100 * line;
  FieldMemory                  memory{ systemMemory() };
};

TEST_F(FieldMemoryTest, ArraysLieInTheBlockOnceItIsReserved)
{
  memory.reserve(2 * (field + guard));
  EXPECT_EQ(memory.reservedBytes(), 2 * (field + guard));
  auto * const a = static_cast<char *>(memory.allocate(field));
  auto * const b = static_cast<char *>(memory.allocate(field));
  EXPECT_EQ(b - a, std::ptrdiff_t(field + guard));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a) % line, 0u);
  std::memset(a, 1, field);
  std::memset(b, 2, field);
  EXPECT_EQ(memory.overflowBytes(), 0u);
  EXPECT_EQ(memory.allocatedBytes(), 2 * field);
  memory.deallocate(a);
  EXPECT_EQ(memory.allocatedBytes(), field);
  EXPECT_EQ(memory.allocate(field), a);
  EXPECT_EQ(b[0], 2);
  EXPECT_THROW(memory.reserve(field), std::logic_error) << "the block is in use";
  memory.deallocate(a);
  memory.deallocate(b);
  EXPECT_EQ(memory.allocatedBytes(), 0u);
  EXPECT_EQ(memory.peakBytes(), 2 * field);
  EXPECT_EQ(memory.highWaterBytes(), 2 * (field + guard));
  EXPECT_NO_THROW(memory.reserve(field));
  EXPECT_EQ(memory.highWaterBytes(), 0u);
}

TEST_F(FieldMemoryTest, SmallArraysComeFromTheOtherEnd)
{
  memory.reserve(4 * (field + guard) + 1, field); // rounded up to whole lines
  auto * const a = static_cast<char *>(memory.allocate(field));
  auto * const b = static_cast<char *>(memory.allocate(field - 1));
  auto * const c = static_cast<char *>(memory.allocate(1));
  EXPECT_EQ(b - a, std::ptrdiff_t(3 * (field + guard) + line));
  EXPECT_EQ(b - c, std::ptrdiff_t(line + guard));
  EXPECT_EQ(memory.highWaterBytes(), 2 * (field + guard) + line + guard);
  void * const d = memory.allocate(field);
  memory.deallocate(c);
  void * const e = memory.allocate(field); // where the small one was
  EXPECT_EQ(memory.overflowBytes(), 0u);
  void * const f = memory.allocate(line); // one line is left
  EXPECT_EQ(memory.overflowBytes(), guard == 0 ? 0 : line);
  void * const g = memory.allocate(1);
  EXPECT_EQ(memory.overflowBytes(), guard == 0 ? 1 : line + 1);
  for (void * array : { static_cast<void *>(a), static_cast<void *>(b), d, e, f, g })
  {
    memory.deallocate(array);
  }
  memory.trim();
  EXPECT_EQ(memory.allocatedBytes(), 0u);
}

TEST_F(FieldMemoryTest, WhatTheBlockHasNoRoomForIsTakenFromTheSystemAndToldOnce)
{
  memory.reserve(field + guard);
  std::vector<std::size_t> told;
  memory.onOverflow([&](std::size_t bytes) { told.push_back(bytes); });
  void * const inside = memory.allocate(field);
  EXPECT_TRUE(told.empty());
  void * const outside = memory.allocate(3 * field);
  void * const more = memory.allocate(field);
  EXPECT_EQ(told, std::vector<std::size_t>{ 3 * field });
  std::memset(outside, 1, 3 * field);
  EXPECT_EQ(memory.overflowBytes(), 4 * field);
  memory.deallocate(outside);
  EXPECT_EQ(memory.overflowBytes(), field);
  EXPECT_EQ(memory.peakOverflowBytes(), 4 * field);
  EXPECT_EQ(memory.highWaterBytes(), 5 * field + guard);
  memory.deallocate(inside);
  memory.deallocate(more);
  EXPECT_THROW(memory.deallocate(more), std::logic_error);
}

TEST_F(FieldMemoryTest, LapsTellTheMostOfEachPhase)
{
  memory.reserve(10 * (field + guard));
  void * const a = memory.allocate(field);
  void *       b = memory.allocate(field);
  memory.deallocate(b);
  EXPECT_EQ(memory.lapBytes(), 2 * (field + guard));
  EXPECT_EQ(memory.lapBytes(), field + guard);
  b = memory.allocate(field);
  EXPECT_EQ(memory.lapBytes(), 2 * (field + guard));
  memory.deallocate(a);
  memory.deallocate(b);
}

TEST_F(FieldMemoryTest, TrimmingKeepsWhatIsAlive)
{
  constexpr std::size_t large = std::size_t(4) << 20;
  memory.reserve(3 * (large + guard));
  auto * const a = static_cast<char *>(memory.allocate(large));
  auto * const b = static_cast<char *>(memory.allocate(large));
  auto * const c = static_cast<char *>(memory.allocate(large));
  std::memset(a, 1, large);
  std::memset(b, 2, large);
  std::memset(c, 3, large);
  memory.deallocate(b);
  memory.trim();
  EXPECT_EQ(std::count(a, a + large, 1), std::ptrdiff_t(large));
  EXPECT_EQ(std::count(c, c + large, 3), std::ptrdiff_t(large));
  auto * const again = static_cast<char *>(memory.allocate(large));
  std::memset(again, 4, large);
  EXPECT_EQ(again[large - 1], 4);
  memory.deallocate(a);
  memory.deallocate(again);
  memory.deallocate(c);
}

TEST_F(FieldMemoryTest, ShrinksToWhatIsNeeded)
{
  constexpr std::size_t line = Arena::alignment, room = 4 * line; // and guards
  memory.reserve(100 * room, room);
  void * const large = memory.allocate(2 * room);
  void * const small = memory.allocate(line);
  memory.shrink(10 * room);
  EXPECT_EQ(memory.reservedBytes(), 100 * room) << "an array lies there";
  memory.deallocate(small);
  memory.shrink(10 * room);
  EXPECT_EQ(memory.reservedBytes(), 10 * room);
  // What is small now comes from the new end, and more than the block holds from the system.
  void * const next = memory.allocate(line);
  const auto   offset = static_cast<char *>(next) - static_cast<char *>(large);
  EXPECT_GT(offset, static_cast<std::ptrdiff_t>(9 * room));
  EXPECT_LT(offset, static_cast<std::ptrdiff_t>(10 * room));
  EXPECT_EQ(memory.overflowBytes(), 0u);
  void * const more = memory.allocate(9 * room);
  EXPECT_EQ(memory.overflowBytes(), 9 * room);
  for (void * const array : { large, next, more })
  {
    memory.deallocate(array);
  }
}

TEST_F(FieldMemoryTest, TooLargeAReservationIsAnErrorThatSaysSo)
{
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer ends the program where the allocator would return null";
#else
  for (const std::size_t bytes : { SIZE_MAX / 4, SIZE_MAX })
  {
    try
    {
      memory.reserve(bytes);
      FAIL() << "so much memory cannot exist";
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::OutOfResources);
      EXPECT_NE(std::string(error.what()).find("memory"), std::string::npos) << error.what();
    }
  }
  EXPECT_EQ(memory.reservedBytes(), 0u);
  void * const array = memory.allocate(field); // goes on without a block
  EXPECT_EQ(memory.overflowBytes(), field);
  memory.deallocate(array);
#endif
}

#if defined(__SANITIZE_ADDRESS__)
TEST_F(FieldMemoryTest, AddressSanitizerSeesWhereFieldsEnd)
{
  memory.reserve(10 * field);
  auto * const    a = static_cast<volatile char *>(memory.allocate(field));
  volatile char * b = static_cast<volatile char *>(memory.allocate(field));
  EXPECT_DEATH(a[field] = 1, "use-after-poison");
  memory.deallocate(const_cast<char *>(b));
  EXPECT_DEATH(b[0] = 1, "use-after-poison");
  memory.deallocate(const_cast<char *>(a));
}
#endif

/** Reading what nobody wrote must show in the reference kernels, also where an array takes the place of another. */
TEST(FieldMemory, ArraysOfTheReferenceKernelsComeFilledWithNan)
{
  const auto kernels = makeReferenceKernels();
  kernels->memory().reserve(1 << 20);
  for (int round = 0; round < 2; ++round)
  {
    auto * const x = static_cast<Real *>(kernels->allocate(100 * sizeof(Real)));
    EXPECT_TRUE(std::all_of(x, x + 100, [](Real value) { return std::isnan(value); })) << "round " << round;
    std::fill(x, x + 100, Real(0));
    kernels->deallocate(x);
  }
}

} // namespace
