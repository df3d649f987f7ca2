// The study of deblurring end to end on tiny models: files, resume, gradients, curves, checks.
#include "fathom/domain/imaging/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <thread>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/domain/imaging/checks.h"
#include "fathom/domain/imaging/losses.h"
#include "fathom/domain/imaging/measure_model.h"
#include "fathom/domain/imaging/run_files.h"
#include "fathom/domain/imaging/training_answer.h"
#include "fathom/domain/imaging/walk.h"
#include "fathom/io/safetensors.h"
#include "fathom/tensor/device.h"
#include "fathom/train/tensor_file.h"
#include "tests/support/close.h"

namespace fathom::imaging {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Config tiny() {
  Config config = preset("quick");
  config.data = {.crop = 32, .train = 6, .test = 3, .photos = 3, .side = 48};
  config.network = {.widths = {4, 4, 6, 6}, .blocks = 1};
  config.denoiser.updates = 4;
  config.denoiser.batch = 2;
  config.train.updates = 3;
  config.train.batch = 2;
  config.train.iterations = 4;
  config.train.adjoint_steps = 4;
  config.rivals = {.factor = 2, .equal = "updates", .layers = {2}};
  config.study = {.iterations = 6, .batch = 2, .perturbed = 2, .frequencies = {.1, .5}, .pictured = {1, 6}};
  return config;
}

class ImagingRun : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_level(base::Level::quiet);
    tensor::set_threads(1);
    root_ = fs::temp_directory_path() / ("fathom-imaging-" + std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override {
    fs::remove_all(root_);
    base::set_level(base::Level::info);
  }
  imaging::Run run(const char* name) const { return {.folder = root_ / name, .seed = 3}; }
  base::StudyRecord study(const Config& config, const imaging::Run& run) const {
    const ImageData data = make_data(config.data, run.folder, run.seed);
    EXPECT_TRUE(train_models(config, run, data));
    return evaluate(config, run, data);
  }

  fs::path root_;
};

const base::Curve* find(const base::StudyRecord& record, const std::string& model, const std::string& quantity,
                        const std::string& group = "all") {
  for (const base::Curve& curve : record.curves) {
    if (curve.model == model && curve.quantity == quantity && curve.group == group) return &curve;
  }
  return nullptr;
}

TEST_F(ImagingRun, NamesAndSizesOfTheModels) {
  std::vector<std::string> names;
  for (const ModelSpec& spec : models_of(tiny())) names.push_back(spec.name);
  EXPECT_THAT(names, ElementsAre("implicit-hqs", "implicit-pgd", "drunet", "unrolled-hqs-2"));
  const std::vector<ModelSpec> models = models_of(preset("paper"));
  EXPECT_EQ(parameter_count(models[0].options), 32640960 + 2);
  EXPECT_EQ(parameter_count(models[2].options), 32640960 + 1);
}

TEST_F(ImagingRun, HasCurvesAStripAndALineOfEveryModel) {
  const base::StudyRecord record = study(tiny(), run("all"));
  ASSERT_EQ(record.models.size(), 4u + 4u);
  EXPECT_EQ(record.models[4].name, "blurred");
  for (std::size_t i = 5; i < 8; ++i) {
    EXPECT_EQ(record.models[i].kind, "baseline");
    EXPECT_GT(record.models[i].train, record.models[4].train) << record.models[i].name;  // best of its parameters
  }
  for (const char* model : {"implicit-hqs", "implicit-pgd"}) {
    const base::Curve* psnr = find(record, model, "psnr");
    ASSERT_NE(psnr, nullptr);
    EXPECT_THAT(psnr->t, ElementsAre(1, 2, 3, 4, 5, 6));
    ASSERT_NE(find(record, model, "residual"), nullptr);
    ASSERT_NE(find(record, model, "largest lipschitz"), nullptr);
    const base::Curve *all = find(record, model, "lipschitz"), *largest = find(record, model, "largest lipschitz");
    for (std::size_t t = 0; t < 6; ++t) EXPECT_LE(all->mean[t], largest->mean[t]);
    EXPECT_EQ(record.statistics.at(std::string("memory growth ") + model), 1);
  }
  ASSERT_EQ(record.fields.size(), 2u);
  EXPECT_EQ(record.fields[0].panels.size(), 4u);  // blurred, t = 1, t = 6, sharp
  EXPECT_EQ(record.fields[0].panels[1].rgb.size(), 3u * 32 * 32);
  EXPECT_THAT(record.fields[0].panels[1].note, HasSubstr(" dB"));
  EXPECT_EQ(record.models[2].extra.at("updates"), 6);  // twice those of the implicit ones
  EXPECT_GT(record.models[3].extra.at("training memory, MB"), record.models[2].extra.at("training memory, MB"));
}

TEST_F(ImagingRun, ExplicitModelsAreGivenTheTimeOfTheImplicitOnes) {
  Config config = tiny();
  config.rivals.equal = "seconds";
  config.rivals.factor = 1;
  const base::StudyRecord record = study(config, run("time"));
  const double longest = std::max(record.models[0].seconds_train, record.models[1].seconds_train);
  EXPECT_GE(record.models[2].seconds_train, longest);
  EXPECT_GE(record.models[3].seconds_train, longest);
}

// With a bound of nearly nothing the penalty is in the loss whenever it is looked at, and nothing else is larger.
TEST_F(ImagingRun, GrowthIsLookedAtInOneOfSoManyUpdates) {
  Config config = tiny();
  config.train.growth_weight = 1e6;
  config.train.growth_bound = 1e-9;
  config.train.growth_every = 2;
  config.rivals.train = false;
  const imaging::Run here = run("every");
  ASSERT_TRUE(train_models(config, here, make_data(config.data, here.folder, here.seed)));
  const std::vector<double> loss = load_trained(RunFiles(here.folder).model("implicit-hqs", 3)).training.losses.loss;
  ASSERT_EQ(loss.size(), 3u);
  EXPECT_GT(loss[0], 1000 * loss[1]);
  EXPECT_GT(loss[2], 1000 * loss[1]);
}

// Stopped at the denoiser, then in the middle of the first model: what is written depends on the seed alone.
TEST_F(ImagingRun, AnInterruptedTrainingGoesOnToTheSameWeights) {
  Config config = tiny();
  config.train.updates = 60;
  config.rivals.factor = 0.1;
  const imaging::Run whole = run("whole");
  const ImageData data = make_data(config.data, whole.folder, whole.seed);
  ASSERT_TRUE(train_models(config, whole, data));
  imaging::Run parts = run("parts");
  std::atomic<bool> stop = true;
  parts.stop = &stop;
  EXPECT_FALSE(train_models(config, parts, data));
  parts.resume = true;
  stop = false;
  const fs::path log = RunFiles(parts.folder).training("implicit-hqs-seed3.jsonl");  // has a line after ten updates
  std::thread stopper([&] {
    while (!fs::exists(log) || fs::file_size(log) == 0) std::this_thread::yield();
    stop = true;
  });
  const bool finished = train_models(config, parts, data);
  stopper.join();
  ASSERT_FALSE(finished);
  EXPECT_FALSE(fs::exists(RunFiles(parts.folder).model("implicit-hqs", 3)));
  stop = false;
  ASSERT_TRUE(train_models(config, parts, data));
  for (const char* model : {"implicit-hqs", "implicit-pgd", "drunet", "unrolled-hqs-2"}) {
    SCOPED_TRACE(model);
    const Trained a = load_trained(RunFiles(whole.folder).model(model, 3));
    const Trained b = load_trained(RunFiles(parts.folder).model(model, 3));
    for (std::size_t i = 0; i < a.model->parameters().size(); ++i)
      EXPECT_TRUE(a.model->parameters()[i].equal(b.model->parameters()[i])) << i;
    EXPECT_EQ(a.training.losses.loss, b.training.losses.loss);
  }
}

TEST_F(ImagingRun, AModelFileIsAModel) {
  const Config config = tiny();
  const imaging::Run here = run("file");
  const ImageData data = make_data(config.data, here.folder, here.seed);
  ASSERT_TRUE(train_models(config, here, data));
  const fs::path path = RunFiles(here.folder).model("implicit-hqs", 3);
  const Trained trained = load_trained(path);
  EXPECT_EQ(trained.spec.name, "implicit-hqs");
  EXPECT_EQ(trained.training.depth, 4);
  EXPECT_EQ(trained.training.updates, 3);
  EXPECT_TRUE(trained.kernel.equal(data.kernel));
  io::Safetensors file = io::read_safetensors(path);
  file.metadata["network.blocks"] = "-1";
  io::write_safetensors(path, file);
  EXPECT_THROW(load_trained(path), Error);
  EXPECT_THROW(evaluate(config, here, data), Error);
  EXPECT_THROW(load_trained(here.folder / "models/none.safetensors"), Error);
}

TEST_F(ImagingRun, EveryGradientReachesEveryParameter) {
  Config config = tiny();
  const ImageData data = make_data(config.data, root_ / "g", 1);
  const Blur blur = data.blur_of(data.test);
  for (const char* gradient : {"hook", "implicit", "phantom"}) {
    config.train.gradient = gradient;
    const std::shared_ptr<DeblurModel> model = make_model(models_of(config)[0].options, 1);
    squared_loss(training_answer(config.train, *model, blur, data.train.blurred), data.train.sharp).backward();
    for (const auto& [name, parameter] : train::named_parameters(*model)) {
      ASSERT_TRUE(parameter.grad().defined()) << gradient << " " << name;
      EXPECT_GT(parameter.grad().abs().max().item<double>(), 0) << gradient << " " << name;
    }
  }
}

TEST_F(ImagingRun, AWalkIsThePlainIteration) {
  Config config = tiny();
  const ImageData data = make_data(config.data, root_ / "w", 1);
  for (const ModelSpec& spec : models_of(config)) {
    const at::NoGradGuard no_grad;
    const std::shared_ptr<DeblurModel> model = make_model(spec.options, 2);
    model->eval();
    const std::vector<Tensor> x = walk(*model, data.blur_of(data.test), data.test.blurred, 3);
    ASSERT_EQ(x.size(), spec.options.implicit() ? 3u : 1u);
    EXPECT_TRUE(testing_support::close(x.back(), model->forward(data.blur_of(data.test), data.test.blurred, 3),
                                       testing_support::Tol::of(at::kFloat).ops(9 * 10 * 20)))
        << spec.name;
  }
}

// A training that runs away says so, before it writes a model.
TEST_F(ImagingRun, ADivergedTrainingIsAnError) {
  Config config = tiny();
  config.train.learning_rate = 50;
  const imaging::Run here = run("wild");
  const ImageData data = make_data(config.data, here.folder, here.seed);
  try {
    train_models(config, here, data);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("lower train.learning_rate"));
  }
  EXPECT_FALSE(fs::exists(RunFiles(here.folder).model("implicit-hqs", 3)));
}

TEST_F(ImagingRun, ChecksAreTheClaims) {
  base::StudyRecord record;
  record.statistics = {{"training depth", 2}, {"memory growth implicit-hqs", 1.5}};
  record.models = {{.name = "implicit-hqs", .kind = "implicit", .metric = "psnr"},
                   {.name = "drunet", .kind = "explicit", .metric = "psnr"}};
  record.models[0].test = 26;
  record.models[1].test = 25.2;
  const std::vector<double> t = {1, 2, 4, 8, 16};
  record.curves = {{"implicit-hqs", "psnr", "all", t, {24, 25, 26, 26.2, 26}, {}, {}},
                   {"implicit-hqs", "largest lipschitz", "all", t, {1, 2, 3, 4, 4}, {}, {}}};
  append_checks(record);
  std::vector<std::pair<double, bool>> found;
  for (const base::Check& check : record.checks) found.emplace_back(check.value, check.ok);
  ASSERT_EQ(found.size(), 7u);
  EXPECT_NEAR(found[0].first, 0.8, 1e-12);  // dB above the DRUNet, of 1
  EXPECT_FALSE(found[0].second);
  EXPECT_TRUE(found[1].second);
  EXPECT_NEAR(found[2].first, 1, 1e-12);  // from t = 1 to t = 2
  EXPECT_TRUE(found[2].second);
  EXPECT_NEAR(found[3].first, 0, 1e-12);  // the best is at t = 8
  EXPECT_TRUE(found[3].second);
  EXPECT_TRUE(found[4].second);
  EXPECT_FALSE(found[5].second);  // 4 against 2 at the half
  EXPECT_FALSE(found[6].second);
}

TEST_F(ImagingRun, PaperProtocolReportsTheQualityOneIterationLate) {
  Config config = tiny();
  const imaging::Run here = run("late");
  const base::StudyRecord aligned = study(config, here);
  config.protocol = "paper";
  const base::StudyRecord late = evaluate(config, here, make_data(config.data, here.folder, here.seed));
  const base::Curve *a = find(aligned, "implicit-hqs", "psnr"), *b = find(late, "implicit-hqs", "psnr");
  for (std::size_t t = 1; t < 6; ++t) EXPECT_EQ(b->mean[t], a->mean[t - 1]);
}

}  // namespace
}  // namespace fathom::imaging
