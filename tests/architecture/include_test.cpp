// The arrows of docs/architecture.md hold in the tree.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "tests/architecture/source_tree.h"

namespace fathom::architecture {

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::filesystem::path kRoot = FATHOM_SOURCE_DIR;

const std::map<std::string, Source>& tree() {
  static const std::map<std::string, Source> sources = read_sources(kRoot);
  return sources;
}

const std::map<std::string, std::set<std::string>>& arrows() {
  static const auto table = read_arrows(base::read_file(kRoot / "docs/architecture.md"));
  return table;
}

bool is_torch(const std::string& header) {
  return header.starts_with("torch/") || header.starts_with("ATen/") || header.starts_with("c10/") ||
         header.starts_with("caffe2/");
}

// "fathom/domain/lp/config.h" as the table names it: "domain/lp/config.h".
std::string without_root(const std::string& path) { return path.starts_with("fathom/") ? path.substr(7) : path; }

std::vector<std::string> violations(const Source& source, const std::set<std::string>& allowed) {
  std::vector<std::string> found;
  for (const std::string& path : source.ours) {
    const std::string room = room_of(path);
    const bool ok = room == source.room || allowed.contains(room) || allowed.contains(without_root(path));
    if (!ok) found.push_back(source.path + " includes " + path);
  }
  return found;
}

// Along the table's arrows; ends where the table has no cycle, and at a depth of its own size where it has one.
bool leads_to(const std::string& from, const std::string& to, std::size_t depth = 0) {
  if (from == to) return true;
  if (!arrows().contains(from) || depth > arrows().size()) return false;
  const std::set<std::string>& next = arrows().at(from);
  return std::any_of(next.begin(), next.end(), [&](const std::string& room) { return leads_to(room, to, depth + 1); });
}

TEST(Arrows, EveryRoomStandsInTheTable) {
  for (const auto& [path, source] : tree())
    EXPECT_TRUE(arrows().contains(source.room)) << path << ": room " << source.room;
}

TEST(Arrows, EveryIncludeFollowsTheTable) {
  ASSERT_GT(tree().size(), 30u) << "the tree was not found";
  for (const auto& [path, source] : tree()) {
    const auto row = arrows().find(source.room);
    EXPECT_THAT(violations(source, row == arrows().end() ? std::set<std::string>{} : row->second), IsEmpty());
  }
}

TEST(Arrows, FormNoCycle) {
  for (const auto& [room, targets] : arrows()) {
    for (const std::string& target : targets)
      EXPECT_FALSE(leads_to(target, room)) << room << " -> " << target << " -> ... -> " << room;
  }
}

TEST(Arrows, NoDomainKnowsAnother) {
  for (const auto& [path, source] : tree()) {
    if (!source.room.starts_with("domain/")) continue;
    for (const std::string& included : source.ours) {
      const std::string room = room_of(included);
      EXPECT_TRUE(room == source.room || !room.starts_with("domain/")) << path << " includes " << included;
    }
  }
}

TEST(Arrows, IncludesNameFilesThatExist) {
  for (const auto& [path, source] : tree()) {
    for (const std::string& included : source.ours)
      EXPECT_TRUE(tree().contains(included)) << path << " includes " << included;
  }
}

TEST(TorchFree, RoomsNeverReachLibtorch) {
  const std::set<std::string> rooms = {"base", "kernel", "io", "report", "app", "app/serve", "app/front"};
  for (const auto& [path, source] : tree()) {
    if (!rooms.contains(source.room)) continue;
    for (const std::string& reached : reachable(tree(), path)) {
      for (const std::string& header : tree().at(reached).foreign) {
        EXPECT_FALSE(is_torch(header)) << path << " reaches <" << header << "> through " << reached;
      }
    }
  }
}

TEST(TorchFree, OnlyTensorAsksForTheLibtorchVersion) {
  for (const auto& [path, source] : tree()) {
    if (source.room == "tensor") continue;
    EXPECT_EQ(base::read_file(kRoot / path).find("TORCH_VERSION_"), std::string::npos) << path;
  }
}

TEST(Names, NoUtils) {
  for (const auto& [path, source] : tree()) {
    for (const char* word : {"util", "helper", "misc", "common"}) EXPECT_EQ(path.find(word), std::string::npos) << path;
  }
}

// The checker itself: it must see what it is there to see.

TEST(Checker, ReadsTheTable) {
  const auto table = read_arrows("text\n```arrows\na ->\ndomain/b -> a c/x.h\n```\nd -> e\n");
  ASSERT_EQ(table.size(), 2u);
  EXPECT_THAT(table.at("a"), IsEmpty());
  EXPECT_THAT(table.at("domain/b"), UnorderedElementsAre("a", "c/x.h"));
}

TEST(Checker, KnowsTheRoomOfAPath) {
  EXPECT_EQ(room_of("fathom/solve/options.h"), "solve");
  EXPECT_EQ(room_of("fathom/domain/lp/config.h"), "domain/lp");
  EXPECT_EQ(room_of("app/request.h"), "app");
  EXPECT_EQ(room_of("app/front/cli.cpp"), "app/front");
}

TEST(Checker, SeesAForbiddenInclude) {
  const Source bad{"fathom/io/x.cpp", "io", {"fathom/base/error.h", "fathom/solve/options.h"}, {}};
  EXPECT_THAT(violations(bad, {"base"}), ElementsAre("fathom/io/x.cpp includes fathom/solve/options.h"));
}

TEST(Checker, FollowsIncludesToTheirEnd) {
  const std::map<std::string, Source> chain = {
      {"a", {"a", "io", {"b"}, {}}}, {"b", {"b", "io", {"c", "a"}, {}}}, {"c", {"c", "io", {}, {"torch/torch.h"}}}};
  EXPECT_THAT(reachable(chain, "a"), UnorderedElementsAre("a", "b", "c"));
}

TEST(Checker, FindsTheIncludesOfThisTree) {
  const Source& engine = tree().at("app/engine/entry.cpp");
  EXPECT_THAT(engine.ours, Contains("fathom/tensor/device.h"));
  EXPECT_THAT(engine.foreign, Contains("c10/util/Exception.h"));
}

}  // namespace

}  // namespace fathom::architecture
