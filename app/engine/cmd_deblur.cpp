// fathom deblur: a blurred photo and its kernel, the photo restored by a trained model or a classical method, with its
// residual and, beside a sharp one, its PSNR at every iteration.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "app/deblur_options.h"
#include "app/engine/cmd.h"
#include "app/engine/model_file.h"
#include "app/engine/stop_signal.h"
#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/base/progress.h"
#include "fathom/base/timer.h"
#include "fathom/domain/imaging/deblur.h"
#include "fathom/domain/imaging/kernels.h"
#include "fathom/domain/imaging/picture.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/domain/imaging/run_files.h"
#include "fathom/io/csv.h"
#include "fathom/io/jpeg.h"
#include "fathom/io/png.h"
#include "fathom/report/line_chart.h"
#include "fathom/tensor/convert.h"

namespace fathom::app {

namespace {

namespace fs = std::filesystem;

constexpr const char* kShippedModel = "imaging.safetensors";
constexpr int kDone = 0, kNotReached = 3;
constexpr std::int64_t kStripSide = 240, kStripGap = 4;  // pixels of a field of the strip, and between two

bool ends_with_one_of(const std::string& path, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return path.ends_with(ending); });
}

void check_ending(const char* name, const std::string& path, std::initializer_list<std::string_view> endings,
                  const char* form) {
  if (path.empty() || ends_with_one_of(path, endings)) return;
  throw UsageError(fmt::format("[app::deblur] {} = {} violates {}; name a file with this ending", name, path, form));
}

// The folder of a file that is to be written, before any work is done for it.
void check_folder(const char* name, const std::string& path) {
  if (path.empty()) return;
  const fs::path folder = fs::absolute(path).parent_path();
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed || !fs::is_directory(folder) || ::access(folder.c_str(), W_OK) != 0) {
    throw UsageError(fmt::format("[app::deblur] {} = {} violates a folder that can be written; {}", name, path,
                                 failed ? failed.message() : "choose another"));
  }
}

bool is_jpeg(const std::string& path) { return ends_with_one_of(path, {".jpg", ".jpeg"}); }

void check_options(const DeblurOptions& o) {
  if (o.kernel.empty())
    throw UsageError("[app::deblur] kernel = '' violates FILE|NAME; say how the photo is blurred, as motion:15,30");
  if (o.output.empty()) throw UsageError("[app::deblur] output = '' violates *.png|*.jpg; name the file with -o");
  check_ending("output", o.output, {".png", ".jpg", ".jpeg"}, "*.png|*.jpg");
  check_ending("curve", o.curve, {".csv", ".svg"}, "*.csv|*.svg");
  check_ending("strip", o.strip, {".png"}, "*.png");
  for (const auto& [name, path] : {std::pair{"output", &o.output}, {"curve", &o.curve}, {"strip", &o.strip}})
    check_folder(name, *path);
}

io::Image read_image(const fs::path& path) {
  const std::string bytes = base::read_file(path);
  return bytes.starts_with("\xff\xd8") ? io::parse_jpeg(bytes, path.string()) : io::parse_png(bytes, path.string());
}

io::Image readable_image(const fs::path& path, const DeblurOptions& options) {
  io::Image image = read_image(path);
  if (is_jpeg(options.output) && image.channels % 2 == 0) {
    throw UsageError(fmt::format("[app::deblur] output = {} violates *.png; {} has alpha, which JPEG has not",
                                 options.output, path.string()));
  }
  return image;
}

void write_image(const std::string& path, io::Image image) {
  if (!is_jpeg(path)) return io::write_png(path, image);
  if (image.depth == 16) {
    for (std::uint16_t& sample : image.pixels) sample = static_cast<std::uint16_t>((sample + 128) / 257);
    image.depth = 8;
  }
  io::write_jpeg(path, image);
}

Tensor read_reference(const std::string& path, const io::Image& photo) {
  const io::Image image = read_image(path);
  const Tensor reference = imaging::colours_of(image);
  if (image.width != photo.width || image.height != photo.height ||
      reference.size(1) != (photo.channels >= 3 ? 3 : 1)) {
    base::fail("app::deblur", "reference = {} ({} x {}, {} channels) violates the photo's {} x {}, {} channels", path,
               image.width, image.height, image.channels, photo.width, photo.height, photo.channels);
  }
  return reference;
}

Tensor read_kernel(const DeblurOptions& options) {
  const imaging::NamedKernel kernel = imaging::read_kernel(options.kernel);
  if (std::abs(kernel.given_sum - 1) > 1e-3)
    base::info("{}: the weights' sum {:.6g} was scaled to 1", options.kernel, kernel.given_sum);
  return options.turn ? imaging::turned(kernel.weights) : kernel.weights;
}

// The middle of the photo, at most kStripSide on a side.
Tensor middle(const Tensor& image) {
  const std::int64_t H = image.size(2), W = image.size(3), h = std::min(H, kStripSide), w = std::min(W, kStripSide);
  return image.narrow(2, (H - h) / 2, h).narrow(3, (W - w) / 2, w).clone();
}

bool is_power_of_two(std::int64_t t) { return (t & (t - 1)) == 0; }

// PSNR as a file shows it: clamped.
double psnr_to(const Tensor& reference, const Tensor& image) {
  return imaging::psnr(image.clamp(0, 1), reference).front();
}

// What is recorded and shown of every iteration.
struct Course {
  Tensor reference;  // undefined: none
  bool keeps_fields = false;
  std::vector<double> iteration, residual, psnr;  // psnr only beside a reference
  std::vector<std::pair<std::int64_t, Tensor>> fields;

  // What the progress bar says.
  std::string record(std::int64_t t, double at_residual, const Tensor& image) {
    iteration.push_back(static_cast<double>(t));
    residual.push_back(at_residual);
    if (keeps_fields && is_power_of_two(t)) fields.emplace_back(t, middle(image));
    const std::string note = fmt::format("residual {:.1e}", at_residual);
    if (!reference.defined()) return note;
    psnr.push_back(psnr_to(reference, image));
    return fmt::format("{}  PSNR {:.2f} dB", note, psnr.back());
  }
};

// Fields side by side, white between them.
void write_strip(const std::string& path, const Course& course, const io::Image& like) {
  const Tensor& first = course.fields.front().second;
  const std::int64_t count = static_cast<std::int64_t>(course.fields.size()), h = first.size(2), w = first.size(3);
  const std::int64_t width = count * (w + kStripGap) - kStripGap, colours = first.size(1);
  std::vector<double> white(static_cast<std::size_t>(colours * h * width), 1.0);
  const Tensor all = tensor::from_doubles(white, {1, colours, h, width});
  for (std::int64_t i = 0; i < count; ++i) all.narrow(3, i * (w + kStripGap), w).copy_(course.fields[i].second);
  io::Image strip{width, h, colours, like.depth, {}};
  strip.pixels.resize(static_cast<std::size_t>(strip.samples()));
  io::write_png(path, imaging::with_colours(strip, all));
}

void write_curve(const std::string& path, const Course& course) {
  const bool psnr = !course.psnr.empty();
  if (path.ends_with(".csv")) {
    io::CsvRows rows = {{"iteration", "residual"}};
    if (psnr) rows.front().push_back("psnr");
    for (std::size_t i = 0; i < course.iteration.size(); ++i) {
      rows.push_back({fmt::format("{}", course.iteration[i]), fmt::format("{}", course.residual[i])});
      if (psnr) rows.back().push_back(fmt::format("{}", course.psnr[i]));
    }
    return io::write_csv(path, rows);
  }
  report::LineChart chart{.title = psnr ? "PSNR of every iterate" : "Residual of every iterate",
                          .x_label = "iteration",
                          .y_label = psnr ? "PSNR in dB" : "relative residual"};
  if (!psnr) chart.y.scale = report::Scale::log;
  chart.series.push_back({psnr ? "PSNR" : "residual", course.iteration, psnr ? course.psnr : course.residual, {}, {}});
  base::write_atomically(path, report::to_svg(chart));
}

// NaN is null.
nlohmann::json number(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(); }

struct Report {
  std::string by;
  const io::Image& photo;
  const imaging::Deblurred& answer;
  const Course& course;
  double seconds = 0;
  double psnr_before = std::numeric_limits<double>::quiet_NaN(), psnr_after = psnr_before;  // without a reference
};

void print_json(const Report& r) {
  nlohmann::ordered_json json = {{"by", r.by},
                                 {"width", r.photo.width},
                                 {"height", r.photo.height},
                                 {"status", r.answer.status},
                                 {"iterations", r.answer.iterations},
                                 {"residual", number(r.answer.residual)},
                                 {"noise", r.answer.noise > 0 ? nlohmann::json(r.answer.noise) : nlohmann::json()},
                                 {"frame", {r.answer.height, r.answer.width}},
                                 {"tiles", r.answer.windows},
                                 {"psnr_before", number(r.psnr_before)},
                                 {"psnr", number(r.psnr_after)}};
  json["curve"] = {{"iteration", r.course.iteration}, {"residual", r.course.residual}, {"psnr", r.course.psnr}};
  json["seconds"] = r.seconds;
  fmt::print("{}\n", json.dump(2));
}

void print_text(const Report& r, const DeblurOptions& options) {
  fmt::print("{} x {} pixels, {} channels, blurred by {}, restored by {}\n", r.photo.width, r.photo.height,
             r.photo.channels, options.kernel, r.by);
  const double residual = r.answer.residual;
  if (r.answer.iterations > 0)
    fmt::print("status         {} after {} iterations{}\n", r.answer.status, r.answer.iterations,
               std::isfinite(residual) ? fmt::format(", residual {:.1e} (relative)", residual) : "");
  if (r.answer.noise > 0)
    fmt::print("noise          {:.3g} of white{}\n", r.answer.noise, options.noise > 0 ? "" : ", measured");
  if (r.answer.windows > 1)
    fmt::print("tiles          {} of {} x {} pixels\n", r.answer.windows, r.answer.width, r.answer.height);
  if (std::isfinite(r.psnr_after))
    fmt::print("PSNR           {:.2f} dB, blurred {:.2f} dB\n", r.psnr_after, r.psnr_before);
  fmt::print("{}: {:.1f} s\n", options.output, r.seconds);
}

// Nothing for a classical method. `by`: who restores.
std::optional<imaging::Trained> load_model(const DeblurOptions& options, std::string& by) {
  by = options.method;
  if (options.method != "model") return std::nullopt;
  imaging::Trained trained = imaging::load_trained(model_file(options.model, kShippedModel));
  by = trained.spec.name;
  return trained;
}

imaging::DeblurOptions solve_options(const DeblurOptions& o) {
  imaging::DeblurOptions asked{.method = o.method,
                               .solver = o.solver,
                               .iterations = o.iters,
                               .tolerance = o.tol,
                               .noise = o.noise,
                               .circular = o.edges == "circular",
                               .precise = o.precise,
                               .memory = o.memory};
  if (o.seconds > 0) asked.seconds = o.seconds;
  return asked;
}

// Records every iteration in `course` and shows it, until Ctrl-C asks for the image as it is.
imaging::Deblurred watched_deblur(const Tensor& y, const Tensor& kernel, const std::optional<imaging::Trained>& trained,
                                  const DeblurOptions& options, bool quiet, const StopSignal& stop, Course& course) {
  std::optional<base::Progress> bar;
  if (!quiet && (options.method == "model" || options.method == "tv")) bar.emplace("deblur", options.iters);
  imaging::DeblurOptions asked = solve_options(options);
  if (trained) asked.trained_noise = trained->training.noise;
  return imaging::deblur(y, kernel, trained ? trained->model.get() : nullptr, asked,
                         [&](std::int64_t t, double residual, const Tensor& image) {
                           const std::string note = course.record(t, residual, image);
                           if (bar) bar->update(t, note);
                           return !stop.asked();
                         });
}

void write_files(const DeblurOptions& options, const io::Image& photo, const imaging::Deblurred& answer,
                 Course& course) {
  write_image(options.output, imaging::with_colours(photo, answer.image));
  if (!options.curve.empty()) write_curve(options.curve, course);
  if (options.strip.empty()) return;
  course.fields.emplace_back(answer.iterations, middle(answer.image));
  write_strip(options.strip, course, photo);
}

bool stands(const std::string& status) { return status != "diverged" && status != "nonfinite" && status != "stopped"; }

}  // namespace

int cmd_deblur(const Request& request) {
  const base::Timer timer;
  const StopSignal stop("\nstopping after this iteration with its image; once more to stop at once\n");
  const auto options = config_of<DeblurOptions>(request);
  check_options(options);
  const Tensor kernel = read_kernel(options);
  const io::Image photo = readable_image(request.inputs.at(0), options);
  const Tensor y = imaging::colours_of(photo);
  Course course{.reference = options.reference.empty() ? Tensor() : read_reference(options.reference, photo),
                .keeps_fields = !options.strip.empty()};
  course.fields.emplace_back(0, middle(y));
  std::string by;
  const std::optional<imaging::Trained> trained = load_model(options, by);
  const imaging::Deblurred answer = watched_deblur(y, kernel, trained, options, request.quiet, stop, course);
  write_files(options, photo, answer, course);
  Report report{.by = by, .photo = photo, .answer = answer, .course = course, .seconds = timer.seconds()};
  if (course.reference.defined()) {
    report.psnr_before = psnr_to(course.reference, y);
    report.psnr_after = psnr_to(course.reference, answer.image);
  }
  request.json ? print_json(report) : print_text(report, options);
  return stands(answer.status) ? kDone : kNotReached;
}

}  // namespace fathom::app
