// fathom deblur through the program: photos of every kind, kernels, files beside the answer, anytime, Ctrl-C, misuse.
#include <csignal>
#include <cstdlib>

#include <algorithm>
#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fathom/base/file.h"
#include "fathom/base/seed.h"
#include "fathom/io/csv.h"
#include "fathom/io/jpeg.h"
#include "fathom/io/npy.h"
#include "fathom/io/png.h"
#include "tests/cli/program.h"

namespace fathom::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::int64_t kHeight = 61, kWidth = 83, kBlur = 7;

// Overlapping squares, each colour its own; alpha a slope.
double light(std::int64_t row, std::int64_t column, std::int64_t c) {
  const bool inside = (row / 17 + column / 23 + c) % 2 == 0;
  return inside ? 0.75 : 0.2 + 0.1 * static_cast<double>(c);
}

std::uint16_t sample(double value, std::int64_t depth) {
  const double top = depth == 16 ? 65535 : 255;
  return static_cast<std::uint16_t>(std::lround(std::clamp(value, 0.0, 1.0) * top));
}

// `blurred`: along rows by kBlur pixels, beyond the borders too, with noise of 0.01.
io::Image photo(std::int64_t channels, std::int64_t depth, bool blurred) {
  base::Random random(1);
  io::Image image{kWidth, kHeight, channels, depth, {}};
  for (std::int64_t row = 0; row < kHeight; ++row) {
    for (std::int64_t column = 0; column < kWidth; ++column) {
      for (std::int64_t c = 0; c < channels; ++c) {
        if (channels % 2 == 0 && c == channels - 1) {
          image.pixels.push_back(sample(static_cast<double>(column) / kWidth, depth));
          continue;
        }
        double sum = 0;
        for (std::int64_t j = -(kBlur / 2); j <= kBlur / 2; ++j) sum += light(row, column + j + kBlur, c) / kBlur;
        image.pixels.push_back(sample(blurred ? sum + 0.01 * random.normal() : light(row, column + kBlur, c), depth));
      }
    }
  }
  return image;
}

class DeblurCli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = std::make_unique<Scratch>();
    const std::filesystem::path& folder = scratch_->path();
    io::write_png(folder / "photo.png", photo(3, 8, true));
    io::write_png(folder / "sharp.png", photo(3, 8, false));
    io::write_jpeg(folder / "photo.jpg", photo(3, 8, true));
    write_kernel("k.npy", {1, kBlur}, std::vector<double>(kBlur, 2.0));
    write_kernel("nan.npy", {1, 3}, {1, NAN, 1});
    write_kernel("zero.npy", {2, 2}, {0, 0, 0, 0});
    write_kernel("even.npy", {2, 4}, {0, 1, 1, 0, 1, 2, 2, 1});
  }
  static void TearDownTestSuite() { scratch_.reset(); }

  static void write_kernel(const std::string& name, std::vector<std::int64_t> shape,
                           const std::vector<double>& values) {
    io::write_npy(scratch_->path() / name, io::from_doubles("", std::move(shape), values));
  }
  static Outcome deblur(std::vector<std::string> more) {
    more.insert(more.begin(), "deblur");
    more.insert(more.end(), {"--threads", "1"});
    return run_program(more, scratch_->path());
  }
  static nlohmann::json json_of(std::vector<std::string> more) {
    more.emplace_back("--json");
    const Outcome outcome = deblur(std::move(more));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  }
  static std::filesystem::path at(const std::string& name) { return scratch_->path() / name; }

  static std::unique_ptr<Scratch> scratch_;
};
std::unique_ptr<Scratch> DeblurCli::scratch_;

TEST_F(DeblurCli, RestoresAPhotoAndSaysHowWell) {
  const Outcome outcome = deblur(
      {"photo.png", "--kernel", "motion:7,0", "--method", "tv", "-o", "out/restored.png", "--reference", "sharp.png"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(StartsWith("83 x 61 pixels, 3 channels, blurred by motion:7,0, restored by tv\n"),
                    HasSubstr("status         converged after "), HasSubstr("noise          0.0"),
                    HasSubstr(", measured\n"), HasSubstr("PSNR           "), HasSubstr("out/restored.png: ")));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("deblur"), HasSubstr("residual")));
  const io::Image restored = io::read_png(at("out/restored.png"));
  EXPECT_EQ(restored.width, kWidth);
  EXPECT_EQ(restored.height, kHeight);
}

TEST_F(DeblurCli, EveryMethodImprovesThePhotoAndTellsJsonTheCourse) {
  for (const std::string method : {"tikhonov", "gradient-tikhonov", "tv"}) {
    const nlohmann::json json =
        json_of({"photo.png", "--kernel", "k.npy", "--method", method, "-o", "m.png", "--reference", "sharp.png"});
    EXPECT_GT(json["psnr"].get<double>(), json["psnr_before"].get<double>() + 1) << method;
    EXPECT_EQ(json["by"], method);
    const bool iterates = method == "tv";
    EXPECT_EQ(json["status"], iterates ? "converged" : "done");
    EXPECT_EQ(json["curve"]["psnr"].size(), json["iterations"].get<std::size_t>());
    EXPECT_EQ(json["residual"].is_number(), iterates);
  }
}

// Grey: it has learned from photos, where colours of equal brightness do not meet as these squares' do.
TEST_F(DeblurCli, TheShippedModelNeedsNoOption) {
  io::write_png(at("grey.png"), photo(1, 8, true));
  io::write_png(at("grey-sharp.png"), photo(1, 8, false));
  const auto restored = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"grey.png", "--kernel", "k.npy", "-o", "g.png", "--reference", "grey-sharp.png"});
    return json_of(more);
  };
  const nlohmann::json anderson = restored({}), picard = restored({"--solver", "picard"}),
                       classical = restored({"--method", "gradient-tikhonov"});
  EXPECT_EQ(anderson["by"], "implicit-hqs");
  EXPECT_EQ(anderson["status"], "converged");
  EXPECT_EQ(picard["status"], "converged");
  EXPECT_LE(anderson["residual"].get<double>(), 1e-3);
  EXPECT_LE(anderson["iterations"].get<int>(), picard["iterations"].get<int>());
  EXPECT_EQ(anderson["curve"]["psnr"].size(), anderson["iterations"].get<std::size_t>());
  EXPECT_GT(anderson["psnr"].get<double>(), classical["psnr"].get<double>());
}

TEST_F(DeblurCli, KeepsDepthColoursAndAlpha) {
  for (const auto& [channels, depth] : {std::pair{1, 8}, {2, 16}, {3, 16}, {4, 8}}) {
    const io::Image given = photo(channels, depth, true);
    io::write_png(at("given.png"), given);
    json_of({"given.png", "--kernel", "k.npy", "--method", "gradient-tikhonov", "-o", "kept.png"});
    const io::Image kept = io::read_png(at("kept.png"));
    EXPECT_EQ(kept.channels, channels);
    EXPECT_EQ(kept.depth, depth);
    if (channels % 2 != 0) continue;
    for (std::int64_t column = 0; column < kWidth; ++column)
      EXPECT_EQ(kept.at(7, column, channels - 1), given.at(7, column, channels - 1));
  }
}

TEST_F(DeblurCli, ReadsAndWritesJpegs) {
  json_of({"photo.jpg", "--kernel", "k.npy", "--method", "tikhonov", "-o", "out.jpg"});
  EXPECT_EQ(io::read_jpeg(at("out.jpg")).width, kWidth);
  io::write_png(at("deep.png"), photo(3, 16, true));
  json_of({"deep.png", "--kernel", "k.npy", "--method", "tikhonov", "-o", "deep.jpg"});
  EXPECT_EQ(io::read_jpeg(at("deep.jpg")).depth, 8);
}

TEST_F(DeblurCli, WritesCurvesAndStrips) {
  json_of({"photo.png", "--kernel", "k.npy", "--method", "tv", "--iters", "9", "--tol", "0", "-o", "o.png",
           "--reference", "sharp.png", "--curve", "curve.csv", "--strip", "strip.png"});
  const io::CsvRows rows = io::read_csv(at("curve.csv"));
  ASSERT_EQ(rows.size(), 10u);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"iteration", "residual", "psnr"}));
  EXPECT_EQ(rows[9][0], "9");
  // t = 0, 1, 2, 4, 8 and the last, each as wide as the photo, four pixels between two.
  EXPECT_EQ(io::read_png(at("strip.png")).width, 6 * kWidth + 5 * 4);
  json_of({"photo.png", "--kernel", "k.npy", "--method", "tv", "--iters", "3", "-o", "o.png", "--curve", "curve.svg"});
  EXPECT_THAT(base::read_file(at("curve.svg")), AllOf(StartsWith("<svg"), HasSubstr("relative residual")));
}

TEST_F(DeblurCli, TurnsAPointSpreadFunction) {
  write_kernel("psf.npy", {1, 3}, {0, 1, 3});
  write_kernel("turned.npy", {1, 3}, {3, 1, 0});
  const auto image = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"photo.png", "--method", "tikhonov", "-o", "t.png"});
    json_of(more);
    return io::read_png(at("t.png"));
  };
  const io::Image turned = image({"--kernel", "turned.npy"});
  EXPECT_EQ(image({"--kernel", "psf.npy", "--turn"}), turned);
  EXPECT_NE(image({"--kernel", "psf.npy"}), turned);
}

TEST_F(DeblurCli, TakesEvenKernelsAndSaysThatTheSumWasScaled) {
  const Outcome outcome = deblur({"photo.png", "--kernel", "even.npy", "--method", "tikhonov", "-o", "e.png"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("even.npy: the weights' sum 8 was scaled to 1"));
  EXPECT_THAT(deblur({"photo.png", "--kernel", "motion:7,0", "--method", "tikhonov", "-o", "e.png"}).err, IsEmpty());
}

TEST_F(DeblurCli, StopsAfterTheSecondsAskedFor) {
  const nlohmann::json json = json_of({"photo.png", "--kernel", "k.npy", "--method", "tv", "--iters", "100000", "--tol",
                                       "0", "--seconds", "0.3", "-o", "late.png"});
  EXPECT_EQ(json["status"], "budget");
  EXPECT_GE(json["iterations"].get<int>(), 1);
  EXPECT_TRUE(std::filesystem::exists(at("late.png")));
}

TEST_F(DeblurCli, WritesTheImageItHasAtCtrlC) {
  // The folder of the answer is made before the work begins.
  const Outcome outcome = run_until(
      {"deblur", "photo.png", "--kernel", "k.npy", "--method", "tv", "--iters", "100000", "--tol", "0", "-o",
       "begun/c.png", "--threads", "1", "--json"},
      scratch_->path(), [&] { return std::filesystem::exists(at("begun")); }, SIGINT);
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  const nlohmann::json json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["status"], "stopped");
  EXPECT_GE(json["iterations"].get<int>(), 1);
  EXPECT_EQ(io::read_png(at("begun/c.png")).width, kWidth);
}

TEST_F(DeblurCli, RefusesMisuseBeforeAnyWork) {
  scratch_->write("file", "no folder");
  scratch_->write("broken.png", "no picture");
  io::write_png(at("alpha.png"), photo(4, 8, true));
  io::write_png(at("small.png"), io::Image{5, 5, 1, 8, std::vector<std::uint16_t>(25, 9)});
  struct Case {
    std::vector<std::string> arguments;
    int code;
    const char* text;
  };
  const std::vector<std::string> tail = {"--method", "tv", "-o", "never.png"};
  const std::vector<Case> cases = {
      {{}, 2, "deblur: photo is needed (FILE)"},
      {{"absent.png", "--kernel", "delta"}, 2, "deblur: no file at absent.png"},
      {{"photo.png"}, 2, "kernel = '' violates FILE|NAME"},
      {{"photo.png", "--kernel", "absent.npy"}, 1, "absent.npy"},
      {{"photo.png", "--kernel", "blob:3"}, 1, "kernel = blob:3 violates delta, gaussian:SIGMA"},
      {{"photo.png", "--kernel", "nan.npy"}, 1, "nan.npy holds NaN or infinity"},
      {{"photo.png", "--kernel", "zero.npy"}, 1, "zero.npy's sum = 0 violates > 0"},
      {{"small.png", "--kernel", "k.npy"}, 1, "kernel = (1 x 7) violates <= the photo's 5 x 5"},
      {{"broken.png", "--kernel", "delta"}, 1, "broken.png"},
      {{"photo.png", "--kernel", "delta", "--output", "file/out.png"}, 2, "output = file/out.png violates a folder"},
      {{"photo.png", "--kernel", "delta", "--output", "out.bmp"}, 2, "output = out.bmp violates *.png|*.jpg"},
      {{"alpha.png", "--kernel", "delta", "--output", "out.jpg"}, 2, "alpha.png has alpha, which JPEG has not"},
      {{"photo.png", "--kernel", "delta", "--curve", "c.txt"}, 2, "curve = c.txt violates *.csv|*.svg"},
      {{"photo.png", "--kernel", "delta", "--reference", "absent.png"},
       2,
       "deblur: --reference: no file at absent.png"},
      {{"photo.png", "--kernel", "delta", "--reference", "small.png"}, 1, "reference = small.png (5 x 5, 1 channels)"},
      {{"photo.png", "--kernel", "delta", "--iters", "0"}, 2, "iters"},
      {{"photo.png", "--kernel", "delta", "--methd=tv"}, 2, "did you mean '--method'?"}};
  for (const Case& c : cases) {
    std::vector<std::string> arguments = c.arguments;
    arguments.insert(arguments.end(), tail.begin(),
                     tail.end() - (arguments.size() > 3 && arguments[3] == "--output" ? 2 : 0));
    const Outcome outcome = deblur(arguments);
    EXPECT_EQ(outcome.code, c.code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(c.text));
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(at("never.png")));
  }
}

}  // namespace
}  // namespace fathom::cli
