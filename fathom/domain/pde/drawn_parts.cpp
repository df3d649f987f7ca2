#include "fathom/domain/pde/drawn_parts.h"

#include <algorithm>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/io/safetensors.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/tensor_file.h"

namespace fathom::pde {

namespace {

constexpr std::int64_t kBlock = 32;            // pairs drawn in parallel and written together
constexpr std::size_t kPatience = 4 * kBlock;  // draws before a generator that hardly ever succeeds is given up ...
constexpr double kLeastShare = 0.05;           // ... and what hardly ever means

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(1, values.size()));
}

double variance(const Tensor& field) { return field.to(at::kDouble).square().mean().item<double>(); }

}  // namespace

DrawnParts::DrawnParts(const Generator& generator, std::filesystem::path folder, std::string split, std::string draw)
    : generator_(generator), folder_(std::move(folder)), split_(std::move(split)), draw_(std::move(draw)) {}

std::filesystem::path DrawnParts::path(std::int64_t block) const {
  return folder_ / fmt::format("{}-{:05}.safetensors", split_, block);
}

bool DrawnParts::reach(std::int64_t count, const std::atomic<bool>* stop) {
  while (static_cast<std::int64_t>(vorticity_.size()) < count) {
    if (stop != nullptr && stop->load()) return false;
    const auto block = static_cast<std::int64_t>(solved_.size()) / kBlock;
    if (!read_block(block)) {
      const std::vector<Pair> pairs = generator_.draw(static_cast<std::uint64_t>(block * kBlock), kBlock);
      write_block(block, pairs);
      keep(pairs);
    }
    const double share = static_cast<double>(vorticity_.size()) / static_cast<double>(solved_.size());
    if (solved_.size() >= kPatience && share < kLeastShare) {
      base::fail("pde::make_data",
                 "only {} of {} forcings led to a steady flow; lower generate.solved.size or raise generate.viscosity",
                 vorticity_.size(), solved_.size());
    }
  }
  return true;
}

void DrawnParts::keep(const std::vector<Pair>& pairs) {
  const std::int64_t n = generator_.flow().grid();
  for (const Pair& pair : pairs) {
    solved_.push_back(pair.solved ? 1 : 0);
    residual_.push_back(pair.residual);
    amplitude_.push_back(pair.amplitude);
    products_.push_back(static_cast<double>(pair.products));
    seconds_.push_back(pair.seconds);
    if (!pair.solved) continue;
    forcing_.push_back(tensor::from_doubles(pair.forcing, {2, n, n}));
    vorticity_.push_back(tensor::from_doubles(pair.vorticity, {n, n}));
  }
}

void DrawnParts::write_block(std::int64_t block, const std::vector<Pair>& pairs) const {
  const std::int64_t n = generator_.flow().grid(), count = static_cast<std::int64_t>(pairs.size());
  std::vector<double> about;
  std::vector<Tensor> fields;
  for (const Pair& pair : pairs) {
    for (const double number :
         {pair.solved ? 1.0 : 0.0, pair.residual, pair.amplitude, static_cast<double>(pair.products), pair.seconds})
      about.push_back(number);
    fields.push_back(tensor::from_doubles(pair.forcing, {2, n, n}));
    fields.push_back(tensor::from_doubles(pair.vorticity, {1, n, n}));
  }
  io::Safetensors file;
  file.metadata = {{"draw", draw_}};
  file.tensors.push_back(io::from_doubles("about", {count, 5}, about));
  for (std::int64_t i = 0; i < count; ++i) {
    file.tensors.push_back(train::to_record(fmt::format("forcing.{:02}", i), fields[2 * i]));
    file.tensors.push_back(train::to_record(fmt::format("vorticity.{:02}", i), fields[2 * i + 1]));
  }
  std::filesystem::create_directories(folder_);
  io::write_safetensors(path(block), file);
}

// False where there is no such block of this draw.
bool DrawnParts::read_block(std::int64_t block) {
  if (!std::filesystem::exists(path(block))) return false;
  const io::Safetensors file = io::read_safetensors(path(block));
  const auto draw = file.metadata.find("draw");
  if (draw == file.metadata.end() || draw->second != draw_) return false;
  const std::vector<double> about = io::to_doubles(file.at("about"));
  const std::int64_t n = generator_.flow().grid();
  for (std::int64_t i = 0; i < kBlock; ++i) {
    const double* numbers = about.data() + 5 * i;
    solved_.push_back(numbers[0]);
    residual_.push_back(numbers[1]);
    amplitude_.push_back(numbers[2]);
    products_.push_back(numbers[3]);
    seconds_.push_back(numbers[4]);
    if (numbers[0] == 0) continue;
    forcing_.push_back(train::from_record(file.at(fmt::format("forcing.{:02}", i))));
    vorticity_.push_back(train::from_record(file.at(fmt::format("vorticity.{:02}", i))).view({n, n}));
  }
  return true;
}

std::size_t DrawnParts::draws_until(std::int64_t count) const {
  std::size_t draws = 0;
  for (std::int64_t found = 0; found < count; ++draws) found += solved_[draws] != 0;
  return draws;
}

FlowSet DrawnParts::first(std::int64_t count) const {
  std::vector<double> residual;
  std::vector<std::int64_t> draw;
  for (std::size_t i = 0; i < draws_until(count); ++i) {
    if (solved_[i] == 0) continue;
    residual.push_back(residual_[i]);
    draw.push_back(static_cast<std::int64_t>(i));
  }
  const auto kept = static_cast<std::ptrdiff_t>(count);
  return {.forcing = at::stack(std::vector<Tensor>(forcing_.begin(), forcing_.begin() + kept)),
          .vorticity = at::stack(std::vector<Tensor>(vorticity_.begin(), vorticity_.begin() + kept)),
          .residual = tensor::from_doubles(residual, {count}, at::kDouble),
          .draw = tensor::from_int64s(draw, {count})};
}

std::map<std::string, double> DrawnParts::statistics(std::int64_t count) const {
  const std::size_t draws = draws_until(count);
  std::vector<double> residual, variance_w, variance_f;
  for (std::size_t i = 0; i < draws; ++i) {
    if (solved_[i] != 0) residual.push_back(residual_[i]);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    variance_w.push_back(variance(vorticity_[i]));
    variance_f.push_back(variance(forcing_[i]));
  }
  const auto of_draws = [&](const std::vector<double>& values) {
    return std::vector<double>(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(draws));
  };
  const std::vector<double> seconds = of_draws(seconds_);
  return {{"drawn", static_cast<double>(draws)},
          {"failed and left out", static_cast<double>(draws) - static_cast<double>(count)},
          {"largest residual", *std::max_element(residual.begin(), residual.end())},
          {"median seconds of a draw", median(seconds)},
          {"longest seconds of a draw", *std::max_element(seconds.begin(), seconds.end())},
          {"median products of a draw", median(of_draws(products_))},
          {"mean variance of the vorticity", mean(variance_w)},
          {"mean variance of the forcing", mean(variance_f)}};
}

}  // namespace fathom::pde
