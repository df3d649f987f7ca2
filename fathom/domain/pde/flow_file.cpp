#include "fathom/domain/pde/flow_file.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/io/hdf5.h"
#include "fathom/io/npy.h"
#include "fathom/io/npz.h"
#include "fathom/io/safetensors.h"
#include "fathom/train/tensor_file.h"

namespace fathom::pde {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRead = "pde::read_flows";
constexpr const char* kForcing = "forcing";
constexpr const char* kVorticity = "vorticity";
constexpr std::int64_t kLeastGrid = 8;
constexpr double kMeanless = 1e-5;  // of the root mean square: what float32 sums leave, a hundred times over

bool is_hdf5(const fs::path& path) { return path.extension() == ".h5" || path.extension() == ".hdf5"; }

io::TensorRecord read_npy_as(const fs::path& path, const char* name) {
  io::TensorRecord record = io::read_npy(path);
  record.name = name;
  return record;
}

std::vector<io::TensorRecord> read_folder(const fs::path& path) {
  std::vector<io::TensorRecord> records;
  for (const char* name : {kForcing, kVorticity}) {
    const fs::path file = path / fmt::format("{}.npy", name);
    if (fs::exists(file)) records.push_back(read_npy_as(file, name));
  }
  return records;
}

std::vector<io::TensorRecord> read_hdf5(const fs::path& path) {
  std::vector<std::string> wanted;
  const std::vector<std::string> present = io::hdf5_names(path);
  for (const char* name : {kForcing, kVorticity}) {
    if (std::find(present.begin(), present.end(), name) != present.end()) wanted.emplace_back(name);
  }
  return wanted.empty() ? std::vector<io::TensorRecord>{} : io::read_hdf5(path, wanted);
}

// The test part of a run's data.
std::vector<io::TensorRecord> test_flows(const fs::path& path) {
  std::vector<io::TensorRecord> records = io::read_safetensors(path).tensors;
  for (io::TensorRecord& record : records) {
    if (record.name.starts_with("test.")) record.name.erase(0, 5);
  }
  return records;
}

std::vector<io::TensorRecord> read_records(const fs::path& path) {
  if (fs::is_directory(path)) return read_folder(path);
  if (is_hdf5(path)) return read_hdf5(path);
  if (path.extension() == ".npz") return io::read_npz(path);
  if (path.extension() == ".safetensors") return test_flows(path);
  if (path.extension() == ".npy") return {read_npy_as(path, kForcing)};
  base::fail(kRead,
             "{} violates *.npz, *.h5, *.hdf5, *.npy, *.safetensors or a folder; name flows in one of these forms",
             path.string());
}

// The array of that name as tensor; undefined where it is absent.
Tensor find(const std::vector<io::TensorRecord>& records, const std::string& name, const std::string& origin) {
  for (const io::TensorRecord& record : records) {
    if (record.name != name) continue;
    if (record.dtype == io::DType::f32 || record.dtype == io::DType::f64) return train::from_record(record);
    base::fail(kRead, "{}: {} is {} violates float32 or float64; convert it", origin, name, io::name_of(record.dtype));
  }
  return {};
}

std::string shape_of(const Tensor& t) { return io::shape_text(t.sizes().vec()); }

// With the first dimension, checked: `inner` is what stands between N and the grid.
Tensor shaped(const Tensor& given, const char* name, const std::vector<std::int64_t>& inner,
              const std::string& origin) {
  const auto rank = static_cast<std::int64_t>(inner.size()) + 3;
  const Tensor t = given.dim() == rank - 1 ? given.unsqueeze(0) : given;
  const char* form = inner.empty() ? "[N, H, H]" : "[N, 2, H, H]";
  const bool fits = t.dim() == rank && (inner.empty() || t.size(1) == inner[0]) && t.size(0) >= 1;
  if (!fits) base::fail(kRead, "{}: {}'s shape = {} violates {}", origin, name, shape_of(given), form);
  const std::int64_t rows = t.size(-2), columns = t.size(-1);
  if (rows != columns) {
    base::fail(kRead, "{}: {}'s grid = {} x {} violates H x H; interpolate it to a square grid", origin, name, rows,
               columns);
  }
  base::require(rows >= kLeastGrid, kRead, fmt::format("{}: {}'s points along a side", origin, name), rows,
                fmt::format(">= {}", kLeastGrid), "a coarser grid holds no flow");
  return t;
}

// Per sample (rows of values): finite, and without a mean. A forcing's components are judged by the sample's size.
void check_values(const Tensor& t, const char* name, const std::string& origin) {
  const Tensor rows = t.flatten(1).to(at::kDouble);
  const Tensor size = rows.square().mean(1).sqrt();
  const Tensor means = t.flatten(-2).to(at::kDouble).mean(-1).view({t.size(0), -1}).abs();
  for (std::int64_t i = 0; i < t.size(0); ++i) {
    const double rms = size[i].item<double>(), mean = at::Tensor(means[i].max()).item<double>();
    if (!std::isfinite(rms))
      base::fail(kRead, "{}: {} of sample {} = NaN or infinity violates finite; leave the sample out", origin, name, i);
    if (mean > kMeanless * rms) {
      base::fail(kRead,
                 "{}: {} of sample {} has a mean of {:.3g}, which violates 0 (root mean square {:.3g}); subtract it",
                 origin, name, i, mean, rms);
    }
  }
}

}  // namespace

FlowArrays read_flows(const fs::path& path) {
  const std::string origin = path.string();
  if (!fs::exists(path)) base::fail(kRead, "no file at {}; check the path", origin);
  const std::vector<io::TensorRecord> records = read_records(path);
  FlowArrays arrays{.forcing = find(records, kForcing, origin), .vorticity = find(records, kVorticity, origin)};
  if (!arrays.forcing.defined()) {
    std::vector<std::string> names;
    for (const io::TensorRecord& record : records) names.push_back(record.name);
    const std::string near = base::nearest(kForcing, names);
    base::fail(kRead, "{} has no array 'forcing'{}", origin,
               near.empty() ? "; name it so" : fmt::format(", but '{}'; rename it", near));
  }
  arrays.forcing = shaped(arrays.forcing, kForcing, {2}, origin);
  check_values(arrays.forcing, kForcing, origin);
  if (!arrays.vorticity.defined()) return arrays;
  arrays.vorticity = shaped(arrays.vorticity, kVorticity, {}, origin);
  if (arrays.vorticity.size(0) != arrays.forcing.size(0) || arrays.vorticity.size(1) != arrays.forcing.size(2)) {
    base::fail(kRead, "{}: vorticity's shape = {} violates that of forcing {}; the same samples on the same grid",
               origin, shape_of(arrays.vorticity), shape_of(arrays.forcing));
  }
  check_values(arrays.vorticity, kVorticity, origin);
  return arrays;
}

bool is_array_file(const fs::path& path) { return path.extension() == ".npz" || is_hdf5(path); }

void write_arrays(const fs::path& path, const std::vector<std::pair<std::string, Tensor>>& arrays) {
  std::vector<io::TensorRecord> records;
  for (const auto& [name, tensor] : arrays) records.push_back(train::to_record(name, tensor));
  if (!is_array_file(path))
    base::fail("pde::write_arrays", "{} violates *.npz, *.h5 or *.hdf5; name a file with one of these endings",
               path.string());
  is_hdf5(path) ? io::write_hdf5(path, records) : io::write_npz(path, records);
}

}  // namespace fathom::pde
