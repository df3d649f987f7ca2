#include "fathom/domain/llm/cache_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::llm {
namespace {

using Ids = std::vector<std::int64_t>;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr SlotLayout kLayout{2, 4, 2};

// `tokens[p]` recurrences of token p, stored one token after the other.
CacheSlots filled(const std::string& strategy, const Ids& tokens, std::int64_t recurrences = 8) {
  CacheSlots slots(kLayout, parse_cache_strategy(strategy), recurrences, 8);
  for (std::size_t p = 0; p < tokens.size(); ++p) {
    const auto at = static_cast<std::int64_t>(p);
    for (std::int64_t i = 0; i < kLayout.prelude; ++i) slots.store(kLayout.prelude_slot(i), at, 1);
    for (std::int64_t t = 0; t < tokens[p]; ++t) {
      for (std::int64_t i = 0; i < kLayout.core; ++i) slots.store(kLayout.core_slot(t, i), at, 1);
    }
    for (std::int64_t i = 0; i < kLayout.coda; ++i) slots.store(kLayout.coda_slot(i), at, 1);
  }
  return slots;
}

// What `slot` shows: for each position the slot that stands for it, as a recurrence of its layer; -1: not seen.
Ids seen(const CacheSlots& slots, std::int64_t recurrence, std::int64_t layer, std::int64_t end) {
  Ids index, positions, of(static_cast<std::size_t>(end), -1);
  slots.visible(kLayout.core_slot(recurrence, layer), end, index, positions);
  for (std::size_t k = 0; k < index.size(); ++k) {
    EXPECT_EQ(index[k] % slots.capacity(), positions[k]);
    const std::int64_t slot = index[k] / slots.capacity() - kLayout.coda - kLayout.prelude;
    EXPECT_EQ(slot % kLayout.core, layer) << "another layer's keys";
    of[positions[k]] = slot / kLayout.core;
  }
  return of;
}

TEST(CacheSlots, FullSkipsTokensThatNeverCameSoFar) {
  for (const char* name : {"full", "skip"})
    EXPECT_THAT(seen(filled(name, {3, 1, 4}), 2, 1, 3), ElementsAre(2, -1, 2)) << name;
}

TEST(CacheSlots, LatestTakesALaggardsLastRecurrence) {
  for (const char* name : {"latest-m4", "available-m4"})
    EXPECT_THAT(seen(filled(name, {3, 1, 4}), 2, 3, 3), ElementsAre(2, 0, 2)) << name;
}

TEST(CacheSlots, AlwaysLastTakesEverybodysOnceOneIsMissing) {
  const CacheSlots slots = filled("always-last-m4", {3, 1, 4});
  EXPECT_THAT(seen(slots, 2, 0, 3), ElementsAre(2, 0, 3));
  EXPECT_THAT(seen(slots, 0, 0, 3), ElementsAre(0, 0, 0)) << "nobody is missing";
}

TEST(CacheSlots, RandomizedTakesWhatIsThereAndTheSameEveryTime) {
  const CacheSlots slots = filled("randomized", {2, 5});
  const Ids first = seen(slots, 4, 2, 2);
  EXPECT_THAT(first[0], testing::AllOf(testing::Ge(0), testing::Lt(2)));
  EXPECT_EQ(seen(slots, 4, 2, 2), first);
}

TEST(CacheSlots, ARingOfOneRecurrenceShowsWhatWasWrittenLast) {
  const CacheSlots slots = filled("latest-m4-compress-s4", {3, 1, 4});
  EXPECT_EQ(slots.stored(), 8);
  EXPECT_THAT(slots.slots(), ElementsAre(-2, -1, 0, 1, 2, 3, 4, 5));
  EXPECT_THAT(seen(slots, 2, 1, 3), ElementsAre(0, 0, 0));
}

TEST(CacheSlots, FoldsAsTheNamesSay) {
  EXPECT_EQ(filled("full", {8}).slots().back(), 2 + 31);
  EXPECT_EQ(filled("compress-s16", {8}).slots().back(), 2 + 15);
  EXPECT_EQ(filled("compress-r8", {8}).slots().back(), 2 + 31 / 8);
  EXPECT_EQ(filled("compress-anchor", {12}, 12).slots().back(), 37);
}

TEST(CacheSlots, TrimForgetsTheEnd) {
  CacheSlots slots = filled("full", {2, 2, 2});
  slots.trim(1);
  EXPECT_EQ(slots.seen(), 1);
  EXPECT_THAT(seen(slots, 0, 0, 3), ElementsAre(0, -1, -1));
}

TEST(CacheSlots, SaysWhenOnePlaceHoldsAll) {
  const CacheSlots even = filled("latest-m4", {2, 2}), uneven = filled("latest-m4", {2, 1});
  Ids index, positions;
  EXPECT_TRUE(even.visible(kLayout.core_slot(1, 0), 2, index, positions));
  EXPECT_FALSE(uneven.visible(kLayout.core_slot(1, 0), 2, index, positions));
}

TEST(CacheSlots, RefusesWhatDoesNotFit) {
  CacheSlots slots(kLayout, {}, 2, 4);
  const auto error_of = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(error_of([&] { slots.store(0, 4, 1); }), HasSubstr("position = 4 violates [0, 4)"));
  EXPECT_THAT(error_of([&] { slots.store(kLayout.core_slot(2, 0), 0, 1); }), HasSubstr("slot = 10 violates"));
  EXPECT_THAT(error_of([] { parse_cache_strategy("newest"); }), HasSubstr("cache = newest violates full|skip|"));
  EXPECT_THAT(error_of([] { parse_cache_strategy("full-compress-x4"); }), HasSubstr("violates"));
}

}  // namespace
}  // namespace fathom::llm
