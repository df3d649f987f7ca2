// fathom flow through the program: predictions on grids of one's own, refinement, files, pictures, misuse.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fathom/base/file.h"
#include "fathom/io/hdf5.h"
#include "fathom/io/npz.h"
#include "fathom/io/safetensors.h"
#include "tests/cli/program.h"

namespace fathom::cli {
namespace {

using testing::AllOf;

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kModel = "run/models/implicit-4-seed0.safetensors";

// A network of four channels after one pass over four flows, and the test flows of its run as flows.npz.
class FlowCli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = std::make_unique<Scratch>();
    std::vector<std::string> arguments = {"train", "pde", "--threads", "1", "--out", "run", "--quiet"};
    for (const char* set :
         {"data.train=4", "data.test=2", "data.generate.grid=16", "data.generate.viscosity=0.05",
          "data.generate.solved.peak=2", "data.generate.solved.spread=1", "data.generate.solved.size=0.001",
          "network.width=4", "network.modes=3", "train.epochs=1", "train.batch=2", "train.pretrain=1",
          "train.pretrain_depth=2", "train.solver_steps=3", "rivals.train=false"}) {
      arguments.push_back("--set");
      arguments.push_back(set);
    }
    const Outcome trained = run_program(arguments, scratch_->path());
    ASSERT_EQ(trained.code, 0) << trained.err;
    const io::Safetensors data = io::read_safetensors(scratch_->path() / "run/data.safetensors");
    io::TensorRecord forcing = data.at("test.forcing"), vorticity = data.at("test.vorticity");
    forcing.name = "forcing";
    vorticity.name = "vorticity";
    io::write_npz(scratch_->path() / "flows.npz", {forcing, vorticity});
    io::write_hdf5(scratch_->path() / "forcing.h5", {forcing});
  }
  static void TearDownTestSuite() { scratch_.reset(); }

  Outcome flow(std::vector<std::string> more) const {
    more.insert(more.begin(), {"flow"});
    more.insert(more.end(), {"--model", kModel, "--threads", "1"});
    return run_program(more, scratch_->path());
  }

  static std::unique_ptr<Scratch> scratch_;
};
std::unique_ptr<Scratch> FlowCli::scratch_;

TEST_F(FlowCli, PredictsAndSaysHowFarThePredictionIsFromSolvingTheEquation) {
  const Outcome outcome = flow({"forcing.h5"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("2 flows on 16 x 16, viscosity 0.05, predicted by implicit-4, trained on 16"),
                    HasSubstr("PDE residual"), Not(HasSubstr("error"))));
}

TEST_F(FlowCli, RefinesWritesAndDraws) {
  const Outcome outcome = flow({"flows.npz", "-o", "out.npz", "--png", "--refine", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("{"), HasSubstr("\"viscosity\": 0.05"), HasSubstr("\"from_prediction\""),
                                 HasSubstr("\"from_stokes\""), HasSubstr("\"products\""), HasSubstr("\"error\"")));
  const std::vector<io::TensorRecord> arrays = io::read_npz(scratch_->path() / "out.npz");
  ASSERT_EQ(arrays.size(), 3u);
  EXPECT_EQ(arrays[0].name, "vorticity");
  EXPECT_EQ(arrays[0].shape, (std::vector<std::int64_t>{2, 16, 16}));
  EXPECT_EQ(arrays[1].name, "prediction");
  for (const double residual : io::to_doubles(arrays[2])) EXPECT_LE(residual, 1e-9);
  EXPECT_THAT(base::read_file(scratch_->path() / "out.png"), StartsWith("\x89PNG\r\n"));

  const Outcome text = flow({"flows.npz", "--refine", "--output", "out.h5", "--png"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("from here"), HasSubstr("from Stokes"), HasSubstr("saved"),
                              HasSubstr("out.png: a row a flow, columns f1, f2, prediction, refined")));
  EXPECT_EQ(io::hdf5_names(scratch_->path() / "out.h5"),
            (std::vector<std::string>{"prediction", "residual", "vorticity"}));
}

// The recorded test error is 0.174 on the mean of 100 flows; four of another seed stay below 0.3, and the Stokes flow
// of each is further off than that.
TEST(FlowShipped, PredictsUnseenFlowsWithoutNamingAModel) {
  const Scratch scratch;
  const Outcome drawn = run_program({"data", "pde", "--seed", "99", "--threads", "1", "--out", "unseen", "--quiet",
                                     "--set", "data.train=1", "--set", "data.test=4"},
                                    scratch.path());
  ASSERT_EQ(drawn.code, 0) << drawn.err;
  const Outcome outcome = run_program({"flow", "unseen/data.safetensors", "--threads", "1", "--json"}, scratch.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto answer = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(answer.at("samples").size(), 4u);
  for (const auto& flow : answer.at("samples")) EXPECT_LT(flow.at("error").get<double>(), 0.3);
}

TEST_F(FlowCli, AFlowThatCannotBeSolvedForExitsWithThree) {
  io::TensorRecord forcing = io::read_hdf5(scratch_->path() / "forcing.h5")[0];
  std::vector<double> values = io::to_doubles(forcing);
  for (double& value : values) value *= 1e6;
  io::write_npz(scratch_->path() / "wild.npz", {io::from_doubles("forcing", forcing.shape, values)});
  const Outcome outcome = flow({"wild.npz", "--refine"});
  EXPECT_EQ(outcome.code, 3) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("not solved: residual"));
}

TEST_F(FlowCli, AFileCanStandForThePrediction) {
  const Outcome outcome = run_program(
      {"flow", "run/data.safetensors", "--start", "flows.npz", "--viscosity", "0.05", "--refine"}, scratch_->path());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("predicted by flows.npz"), Not(HasSubstr("network")), HasSubstr("saved")));
  const Outcome unknown = run_program({"flow", "flows.npz", "--start", "flows.npz"}, scratch_->path());
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("viscosity = 0 violates > 0"));
  const Outcome none =
      run_program({"flow", "flows.npz", "--start", "forcing.h5", "--viscosity", "1"}, scratch_->path());
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("start = forcing.h5 violates the vorticity of 2 samples"));
}

TEST_F(FlowCli, MisuseIsAnsweredInOneLine) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> usage = {
      {{"flow"}, "flow: forcing is needed (FILE)"},
      {{"flow", "absent.npz"}, "flow: no file at absent.npz"},
      {{"flow", "flows.npz", "--model", "absent"}, "flow: --model: no file at absent"},
      {{"flow", "flows.npz", "-o", "out.csv"}, "output = out.csv violates *.npz|*.h5|*.hdf5"},
      {{"flow", "flows.npz", "--png"}, "png violates --output given"},
      {{"flow", "flows.npz", "--refin"}, "did you mean '--refine'?"}};
  for (const auto& [arguments, text] : usage) {
    const Outcome outcome = run_program(arguments, scratch_->path());
    EXPECT_EQ(outcome.code, 2) << text;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("fathom: "), HasSubstr(text)));
  }
  io::write_npz(scratch_->path() / "bad.npz",
                {io::from_doubles("forcing", {1, 2, 16, 8}, std::vector<double>(256, 0.0))});
  const Outcome bad = flow({"bad.npz"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, AllOf(StartsWith("fathom: "), HasSubstr("forcing's grid = 16 x 8 violates H x H")));
}

}  // namespace
}  // namespace fathom::cli
