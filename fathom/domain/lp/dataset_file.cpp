#include "fathom/domain/lp/dataset_file.h"

#include <cstdlib>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/sha256.h"

namespace fathom::lp {

namespace {

constexpr const char* kFormat = "fathom-lp-data-1";
constexpr std::string_view kStatistic = "statistic.";

// One array per field, all programs one after the other: sizes differ only in what `sizes` says.
template <class Get>
std::vector<double> joined(const Dataset& data, Get get) {
  std::vector<double> all;
  for (const Instance& instance : data.instances) {
    const auto& part = get(instance);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

void append(io::Safetensors& file, const std::string& name, const std::vector<double>& values) {
  file.tensors.push_back(io::from_doubles(name, {static_cast<std::int64_t>(values.size())}, values));
}

void append(io::Safetensors& file, const std::string& part, const Dataset& data) {
  std::vector<double> sizes, x;
  for (const Instance& i : data.instances) {
    for (const std::int64_t size : {i.m, i.n, static_cast<std::int64_t>(i.value.size())})
      sizes.push_back(static_cast<double>(size));
  }
  for (const std::vector<double>& solution : data.solutions) x.insert(x.end(), solution.begin(), solution.end());
  append(file, part + ".sizes", sizes);
  append(file, part + ".row", joined(data, [](const Instance& i) { return i.row; }));
  append(file, part + ".column", joined(data, [](const Instance& i) { return i.column; }));
  append(file, part + ".value", joined(data, [](const Instance& i) { return i.value; }));
  append(file, part + ".b", joined(data, [](const Instance& i) { return i.b; }));
  append(file, part + ".equality", joined(data, [](const Instance& i) { return i.equality; }));
  append(file, part + ".c", joined(data, [](const Instance& i) { return i.c; }));
  append(file, part + ".l", joined(data, [](const Instance& i) { return i.l; }));
  append(file, part + ".u", joined(data, [](const Instance& i) { return i.u; }));
  append(file, part + ".x", x);
}

// Hands out the next values of one array, checked against its end.
class Reader {
 public:
  Reader(const io::Safetensors& file, const std::string& name) : name_(name), values_(io::to_doubles(file.at(name))) {}

  template <class Value>
  std::vector<Value> take(std::int64_t count) {
    if (count < 0 || next_ + static_cast<std::size_t>(count) > values_.size()) {
      base::fail("lp::load_splits", "'{}' ends early; make the data again", name_);
    }
    const auto first = values_.begin() + static_cast<std::ptrdiff_t>(next_);
    next_ += static_cast<std::size_t>(count);
    return std::vector<Value>(first, first + count);
  }
  bool empty() const { return next_ == values_.size(); }

 private:
  std::string name_;
  std::vector<double> values_;
  std::size_t next_ = 0;
};

Dataset dataset(const io::Safetensors& file, const std::string& part) {
  Reader sizes(file, part + ".sizes"), row(file, part + ".row"), column(file, part + ".column"),
      value(file, part + ".value");
  Reader b(file, part + ".b"), equality(file, part + ".equality"), c(file, part + ".c"), l(file, part + ".l"),
      u(file, part + ".u");
  Reader x(file, part + ".x");
  Dataset data;
  while (!sizes.empty()) {
    const std::vector<std::int64_t> size = sizes.take<std::int64_t>(3);
    Instance i;
    i.m = size[0];
    i.n = size[1];
    i.row = row.take<std::int64_t>(size[2]);
    i.column = column.take<std::int64_t>(size[2]);
    i.value = value.take<double>(size[2]);
    i.b = b.take<double>(i.m);
    i.equality = equality.take<std::uint8_t>(i.m);
    i.c = c.take<double>(i.n);
    i.l = l.take<double>(i.n);
    i.u = u.take<double>(i.n);
    data.solutions.push_back(x.take<double>(i.n));
    data.instances.push_back(std::move(i));
  }
  return data;
}

std::string hash_of(const io::Safetensors& file) {
  io::Sha256 hash;
  for (const io::TensorRecord& tensor : file.tensors) hash.update(tensor.name + "\n" + tensor.bytes);
  return hash.hex();
}

io::Safetensors to_file(const Splits& splits) {
  io::Safetensors file;
  append(file, "train", splits.train);
  append(file, "test", splits.test);
  return file;
}

}  // namespace

std::string hash_of(const Splits& splits) { return hash_of(to_file(splits)); }

void save_splits(const std::filesystem::path& path, const Splits& splits) {
  io::Safetensors file = to_file(splits);
  file.metadata = {{"format", kFormat}, {"sha256", hash_of(file)}, {"draw", splits.draw}};
  for (const auto& [name, value] : splits.statistics)
    file.metadata[std::string(kStatistic) + name] = fmt::format("{}", value);
  io::write_safetensors(path, file);
}

Splits load_splits(const std::filesystem::path& path) {
  io::Safetensors file = io::read_safetensors(path);
  std::map<std::string, std::string>& about = file.metadata;
  if (about["format"] != kFormat)
    base::fail("lp::load_splits", "{} holds no linear programs of this version; make the data again", path.string());
  Splits splits;
  splits.train = dataset(file, "train");
  splits.test = dataset(file, "test");
  splits.sha256 = hash_of(splits);
  if (splits.sha256 != about["sha256"])
    base::fail("lp::load_splits", "the numbers in {} do not match their hash; make the data again", path.string());
  splits.draw = about["draw"];
  for (const auto& [name, text] : about) {
    if (name.starts_with(kStatistic))
      splits.statistics[name.substr(kStatistic.size())] = std::strtod(text.c_str(), nullptr);
  }
  return splits;
}

}  // namespace fathom::lp
