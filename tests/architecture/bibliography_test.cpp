// Citations are keys, [WalkerNi2011], and docs/bibliography.md says what each stands for.
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "fathom/base/file.h"

namespace fathom::architecture {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = FATHOM_SOURCE_DIR;
const fs::path kBibliography = "docs/bibliography.md";

// What cites: sources and pages, with the path from the root.
std::map<fs::path, std::string> citing_texts() {
  std::map<fs::path, std::string> texts;
  for (const char* folder : {"fathom", "app", "python", "examples", "bench", "tests", "docs"}) {
    if (!fs::is_directory(kRoot / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      const fs::path path = fs::relative(entry.path(), kRoot);
      const bool text = path.extension() == ".h" || path.extension() == ".cpp" || path.extension() == ".md";
      if (text && path != kBibliography && path.filename() != "bibliography_test.cpp") {
        texts[path] = base::read_file(entry.path());
      }
    }
  }
  texts["README.md"] = base::read_file(kRoot / "README.md");
  return texts;
}

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) found.insert((*at)[1]);
  return found;
}

std::set<std::string> keys_in(const std::string& text) {
  static const std::regex kKey(R"(\[([A-Z][A-Za-z]+[0-9]{4}[a-z]?)\])");
  return matches(text, kKey);
}

// Names and a year in brackets that are no key: [Walker-Ni 2011], [Walker2011; Ni2011].
std::set<std::string> misspelt_keys_in(const std::string& text) {
  static const std::regex kCitation(R"((\[[A-Z][^\]\n]*(?:19|20)[0-9]{2}[^\]\n]*\])(?!\())");
  static const std::regex kKey(R"(\[[A-Z][A-Za-z]+[0-9]{4}[a-z]?\])");
  std::set<std::string> misspelt;
  for (const std::string& citation : matches(text, kCitation)) {
    if (!std::regex_match(citation, kKey)) misspelt.insert(citation);
  }
  return misspelt;
}

std::set<std::string> listed_keys() {
  static const std::regex kLine(R"(\n- `\[([A-Z][A-Za-z]+[0-9]{4}[a-z]?)\]`)");
  return matches(base::read_file(kRoot / kBibliography), kLine);
}

TEST(Bibliography, EveryKeyResolves) {
  const std::set<std::string> listed = listed_keys();
  for (const auto& [path, text] : citing_texts()) {
    for (const std::string& key : keys_in(text)) {
      EXPECT_TRUE(listed.contains(key)) << path << " cites [" << key << "], which " << kBibliography
                                        << " does not list";
    }
  }
}

TEST(Bibliography, EveryCitationIsAKey) {
  for (const auto& [path, text] : citing_texts()) {
    for (const std::string& citation : misspelt_keys_in(text)) {
      ADD_FAILURE() << path << " cites " << citation << "; a key has the form [WalkerNi2011]";
    }
  }
}

TEST(Bibliography, EveryEntryIsCited) {
  std::set<std::string> cited;
  for (const auto& [path, text] : citing_texts()) cited.merge(keys_in(text));
  for (const std::string& key : listed_keys()) EXPECT_TRUE(cited.contains(key)) << "nothing cites [" << key << "]";
}

TEST(Bibliography, SearchFindsWhatItShould) {
  EXPECT_EQ(keys_in("// a [WalkerNi2011], b [Bai2019a]; c[i] [2011]"),
            (std::set<std::string>{"WalkerNi2011", "Bai2019a"}));
  EXPECT_EQ(
      misspelt_keys_in("[Walker-Ni 2011] [Theil1950; Sen1968] [A et al. 2014] [WalkerNi2011] [B 2019](page.md)").size(),
      3u);
}

}  // namespace
}  // namespace fathom::architecture
