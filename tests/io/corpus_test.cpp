#include <filesystem>
#include <map>

#include "fathom/base/file.h"
#include "fuzz/round_trip.h"
#include "tests/io/expect_refusal.h"

namespace fathom::io {
namespace {

namespace fs = std::filesystem;

// The corpus of every fuzz target: good-* is accepted and comes back from writing, bad-* is refused, and what a fuzzer
// once crashed on (crash-*) is either. A Broken round trip escapes and fails the test.
class CorpusTest : public testing::TestWithParam<const char*> {};

const std::map<std::string, void (*)(std::string_view)> kChecks = {{"safetensors", fuzz::check_safetensors},
                                                                   {"safetensors_index", fuzz::check_safetensors_index},
                                                                   {"mps", fuzz::check_mps},
                                                                   {"npy", fuzz::check_npy},
                                                                   {"hdf5", fuzz::check_hdf5},
                                                                   {"csv", fuzz::check_csv},
                                                                   {"jsonl", fuzz::check_jsonl},
                                                                   {"study_record", fuzz::check_study_record},
                                                                   {"tfevents", fuzz::check_tfevents},
                                                                   {"pickle", fuzz::check_pickle},
                                                                   {"torch_save", fuzz::check_torch_save},
                                                                   {"tokenizer", fuzz::check_tokenizer},
                                                                   {"png", fuzz::check_png},
                                                                   {"jpeg", fuzz::check_jpeg}};

TEST_P(CorpusTest, EveryFileEndsAsItsNameSays) {
  int good = 0, bad = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(FATHOM_SOURCE_DIR) / "fuzz" / "corpus" / GetParam())) {
    const std::string name = entry.path().filename().string();
    SCOPED_TRACE(name);
    const std::string bytes = base::read_file(entry.path());
    const std::string answer = refusal([&] { kChecks.at(GetParam())(bytes); });
    const bool is_good = name.starts_with("good-"), is_bad = name.starts_with("bad-");
    EXPECT_FALSE(is_good && answer != "no error") << answer;
    EXPECT_FALSE(is_bad && answer == "no error");
    good += is_good;
    bad += is_bad;
  }
  EXPECT_GT(good, 0);
  EXPECT_GT(bad, 0);
}

INSTANTIATE_TEST_SUITE_P(Parsers, CorpusTest,
                         testing::Values("safetensors", "safetensors_index", "mps", "npy", "hdf5", "csv", "jsonl",
                                         "study_record", "tfevents", "pickle", "torch_save", "tokenizer", "png",
                                         "jpeg"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace fathom::io
