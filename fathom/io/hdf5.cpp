#include "fathom/io/hdf5.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include <hdf5.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/own_process.h"
#include "fathom/io/safetensors.h"

namespace fathom::io {
namespace {

constexpr std::string_view kRead = "io::read_hdf5";
constexpr std::string_view kWrite = "io::write_hdf5";

// An identifier of the library and how it is closed.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (valid()) close_(id_);
  }

  bool valid() const { return id_ >= 0; }
  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): it stands for the identifier

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// The serial library is not to be called from two threads; and it is told once to print nothing and load nothing.
std::unique_lock<std::mutex> library() {
  static std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  static const bool once = [] {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);
    return true;
  }();
  static_cast<void>(once);
  return lock;
}

// What went wrong where it went wrong, in the library's words.
std::string cause() {
  std::string text;
  const auto take = [](unsigned, const H5E_error2_t* error, void* to) -> herr_t {
    *static_cast<std::string*>(to) = error->desc;
    return 1;  // the first is the innermost
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.empty() ? "the HDF5 library gives no reason" : excerpt(text, 200);
}

// What a link of the root group can be called.
bool is_name(std::string_view name) {
  return !name.empty() && name != "." && name.find('/') == name.npos && name.find('\0') == name.npos;
}

class Reader {
 public:
  Reader(Handle file, std::string_view origin, std::uint64_t limit)
      : file_(std::move(file)), origin_(origin), left_(limit), limit_(limit) {
    if (!file_.valid()) base::fail(kRead, "{} cannot be opened as HDF5: {}", origin_, cause());
  }

  std::vector<TensorRecord> read(const std::vector<std::string>& names) {
    const std::vector<std::string> present = datasets();
    std::vector<TensorRecord> tensors;
    for (const std::string& name : names.empty() ? present : names) {
      if (std::find(present.begin(), present.end(), name) == present.end()) refuse_missing(name, present);
      tensors.push_back(tensor(name));
    }
    return tensors;
  }

  // Names of the root group's datasets behind hard links, sorted.
  std::vector<std::string> datasets() const {
    H5G_info_t group{};
    if (H5Gget_info(file_, &group) < 0) base::fail(kRead, "{}: no root group: {}", origin_, cause());
    std::vector<std::string> names;
    for (hsize_t i = 0; i < group.nlinks; ++i) {
      const std::string name = link_name(i);
      if (!is_name(name)) base::fail(kRead, "{}: '{}' cannot be a name; the file is damaged", origin_, excerpt(name));
      H5L_info_t link{};
      if (H5Lget_info(file_, name.c_str(), &link, H5P_DEFAULT) < 0) base::fail(kRead, "{}: {}", origin_, cause());
      if (link.type != H5L_TYPE_HARD) continue;
      const Handle object(H5Oopen(file_, name.c_str(), H5P_DEFAULT), H5Oclose);
      if (!object.valid()) refuse(name, fmt::format("cannot be opened: {}", cause()));
      if (H5Iget_type(object) == H5I_DATASET) names.push_back(name);
    }
    return names;
  }

 private:
  [[noreturn]] void refuse(std::string_view name, std::string_view text) const {
    base::fail(kRead, "{}: dataset '{}' {}", origin_, excerpt(name), text);
  }

  [[noreturn]] void refuse_missing(const std::string& name, const std::vector<std::string>& present) const {
    const std::string near = base::nearest(name, present);
    refuse(name, near.empty() ? "is not there" : fmt::format("is not there; did you mean '{}'?", excerpt(near)));
  }

  std::string link_name(hsize_t i) const {
    const auto get = [&](char* to, std::size_t size) {
      return H5Lget_name_by_idx(file_, ".", H5_INDEX_NAME, H5_ITER_INC, i, to, size, H5P_DEFAULT);
    };
    const ssize_t length = get(nullptr, 0);
    if (length < 0) base::fail(kRead, "{}: a name cannot be read: {}", origin_, cause());
    std::string name(static_cast<std::size_t>(length) + 1, '\0');
    if (get(name.data(), name.size()) < 0) base::fail(kRead, "{}: a name cannot be read: {}", origin_, cause());
    name.pop_back();
    return name;
  }

  TensorRecord tensor(const std::string& name) {
    const Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.valid()) refuse(name, fmt::format("cannot be opened: {}", cause()));
    TensorRecord tensor{.name = name, .dtype = dtype_of(dataset, name), .shape = shape_of(dataset, name)};
    check_storage(dataset, name);
    const auto bytes = byte_count(tensor.shape, tensor.dtype);
    if (!bytes || *bytes > left_) refuse(name, fmt::format("goes beyond {} bytes in all", limit_));
    check_size(dataset, name, *bytes);
    left_ -= *bytes;
    tensor.bytes.resize(*bytes);
    const hid_t type = tensor.dtype == DType::f64 ? H5T_IEEE_F64LE : H5T_IEEE_F32LE;
    if (*bytes > 0 && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.bytes.data()) < 0)
      refuse(name, fmt::format("cannot be read: {}", cause()));
    return tensor;
  }

  DType dtype_of(hid_t dataset, const std::string& name) const {
    const Handle type(H5Dget_type(dataset), H5Tclose);
    const auto is = [&](hid_t little, hid_t big) { return H5Tequal(type, little) > 0 || H5Tequal(type, big) > 0; };
    if (type.valid() && is(H5T_IEEE_F64LE, H5T_IEEE_F64BE)) return DType::f64;
    if (type.valid() && is(H5T_IEEE_F32LE, H5T_IEEE_F32BE)) return DType::f32;
    refuse(name, "is neither float32 nor float64; store it as one of them");
  }

  std::vector<std::int64_t> shape_of(hid_t dataset, const std::string& name) const {
    const Handle space(H5Dget_space(dataset), H5Sclose);
    const H5S_class_t kind = space.valid() ? H5Sget_simple_extent_type(space) : H5S_NO_CLASS;
    if (kind != H5S_SIMPLE && kind != H5S_SCALAR) refuse(name, "has no shape");
    const int rank = H5Sget_simple_extent_ndims(space);
    std::vector<hsize_t> sizes(static_cast<std::size_t>(std::max(rank, 0)));
    if (rank < 0 || (rank > 0 && H5Sget_simple_extent_dims(space, sizes.data(), nullptr) < 0))
      refuse(name, fmt::format("has no shape: {}", cause()));
    std::vector<std::int64_t> shape;
    for (const hsize_t size : sizes) {
      if (size > static_cast<hsize_t>(limit_)) refuse(name, fmt::format("goes beyond {} bytes in all", limit_));
      shape.push_back(static_cast<std::int64_t>(size));
    }
    return shape;
  }

  // Within this file, in pieces that can be unpacked.
  void check_storage(hid_t dataset, const std::string& name) const {
    const Handle list(H5Dget_create_plist(dataset), H5Pclose);
    const H5D_layout_t layout = list.valid() ? H5Pget_layout(list) : H5D_LAYOUT_ERROR;
    if (layout == H5D_VIRTUAL || (layout == H5D_CONTIGUOUS && H5Pget_external_count(list) != 0))
      refuse(name, "has its data in other files; copy them into this one");
    if (layout == H5D_CHUNKED) check_chunk(list, name);
    if (layout == H5D_LAYOUT_ERROR) refuse(name, fmt::format("has no layout: {}", cause()));
  }

  // A file whose headers disagree would have the library read beyond its buffers.
  void check_size(hid_t dataset, const std::string& name, std::uint64_t bytes) const {
    const Handle list(H5Dget_create_plist(dataset), H5Pclose);
    if (H5Pget_layout(list) == H5D_CHUNKED) {
      if (H5Pget_nfilters(list) == 0) check_chunks(dataset, list, name);
      return;
    }
    const std::uint64_t stored = H5Dget_storage_size(dataset);  // 0: nothing was written, and fill values are read
    if (stored != 0 && stored != bytes)
      refuse(name, fmt::format("stores {} bytes where its shape has {}; the file is damaged", stored, bytes));
  }

  void check_chunks(hid_t dataset, hid_t list, const std::string& name) const {
    hsize_t sizes[H5S_MAX_RANK] = {}, offset[H5S_MAX_RANK] = {}, count = 0;
    const int rank = H5Pget_chunk(list, H5S_MAX_RANK, sizes);
    const Handle type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose);
    hsize_t bytes = H5Tget_size(type);
    for (int i = 0; i < rank; ++i) bytes *= sizes[i];
    if (H5Dget_num_chunks(dataset, space, &count) < 0) refuse(name, fmt::format("cannot be read: {}", cause()));
    for (hsize_t i = 0; i < count; ++i) {
      unsigned mask = 0;
      haddr_t address = 0;
      hsize_t stored = 0;
      if (H5Dget_chunk_info(dataset, space, i, offset, &mask, &address, &stored) < 0)
        refuse(name, fmt::format("cannot be read: {}", cause()));
      if (stored != bytes)
        refuse(name, fmt::format("stores {} bytes in a chunk of {}; the file is damaged", stored, bytes));
    }
  }

  void check_chunk(hid_t list, const std::string& name) const {
    hsize_t sizes[H5S_MAX_RANK] = {};
    const int rank = H5Pget_chunk(list, H5S_MAX_RANK, sizes);
    std::vector<std::int64_t> chunk;
    for (int i = 0; i < rank; ++i) chunk.push_back(static_cast<std::int64_t>(std::min<hsize_t>(sizes[i], INT64_MAX)));
    const auto bytes = byte_count(chunk, DType::f64);
    if (rank < 0 || !bytes || *bytes > limit_) refuse(name, fmt::format("has chunks beyond {} bytes", limit_));
    const int filters = H5Pget_nfilters(list);
    for (int i = 0; i < filters; ++i) {
      unsigned flags = 0;
      std::size_t values = 0;
      const H5Z_filter_t filter =
          H5Pget_filter2(list, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, nullptr);
      if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
        refuse(name, fmt::format("is packed by filter {}; repack it with gzip or none", filter));
    }
  }

  Handle file_;
  std::string origin_;
  std::uint64_t left_, limit_;
};

// How the file is opened, once the process is another.
using Open = std::function<Handle()>;

// Tensors go from process to process as safetensors, which sorts them anew.
std::vector<TensorRecord> read_apart(const Open& open, std::string_view origin, std::vector<std::string> names,
                                     std::uint64_t limit) {
  const std::uint64_t with_header = std::max(limit, limit + kSafetensorsHeaderLimit);
  const std::string bytes = from_own_process(kRead, origin, with_header, [&] {
    return to_bytes({.tensors = Reader(open(), origin, limit).read(names), .metadata = {}});
  });
  Safetensors file = parse_safetensors(bytes, origin);
  if (names.empty()) {
    for (const TensorRecord& tensor : file.tensors) names.push_back(tensor.name);
    std::sort(names.begin(), names.end());
  }
  std::vector<TensorRecord> tensors;
  for (const std::string& name : names) tensors.push_back(file.at(name));
  return tensors;
}

Open open_at(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) base::fail(kRead, "no file at {}; check the path", path.string());
  return [path] { return Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose); };
}

void check_names(const std::vector<TensorRecord>& tensors) {
  std::set<std::string_view> names;
  for (const TensorRecord& tensor : tensors) {
    if (!is_name(tensor.name))
      base::fail(kWrite, "'{}' cannot be the name of a dataset; take one without '/'", excerpt(tensor.name));
    if (!names.insert(tensor.name).second) base::fail(kWrite, "tensor name '{}' is taken twice", excerpt(tensor.name));
    if (tensor.dtype != DType::f32 && tensor.dtype != DType::f64)
      base::fail(kWrite, "'{}' is {}; only f32 and f64 are written", excerpt(tensor.name), name_of(tensor.dtype));
    element_count(tensor);  // throws unless the bytes fit the shape
    if (tensor.shape.size() > H5S_MAX_RANK)
      base::fail(kWrite, "'{}' has {} dimensions; HDF5 knows 32", excerpt(tensor.name), tensor.shape.size());
  }
}

[[noreturn]] void refuse_writing(const std::filesystem::path& path, std::string_view name) {
  base::fail(kWrite, "cannot write '{}' to {}: {}", excerpt(name), path.string(), cause());
}

void write_dataset(hid_t file, const TensorRecord& tensor, const std::filesystem::path& path) {
  const std::vector<hsize_t> sizes(tensor.shape.begin(), tensor.shape.end());
  const Handle space(
      sizes.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
      H5Sclose);
  const Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(list, false);
  const hid_t type = tensor.dtype == DType::f64 ? H5T_IEEE_F64LE : H5T_IEEE_F32LE;
  const Handle dataset(H5Dcreate2(file, tensor.name.c_str(), type, space, H5P_DEFAULT, list, H5P_DEFAULT), H5Dclose);
  if (!dataset.valid()) refuse_writing(path, tensor.name);
  if (!tensor.bytes.empty() && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.bytes.data()) < 0)
    refuse_writing(path, tensor.name);
}

}  // namespace

std::vector<TensorRecord> read_hdf5(const std::filesystem::path& path, const std::vector<std::string>& names,
                                    std::uint64_t limit) {
  const auto lock = library();
  return read_apart(open_at(path), path.string(), names, limit);
}

std::vector<std::string> hdf5_names(const std::filesystem::path& path) {
  constexpr std::uint64_t kMost = 1 << 24;
  const auto lock = library();
  const Open open = open_at(path);
  const std::string text = from_own_process(kRead, path.string(), kMost, [&] {
    std::string joined;
    for (const std::string& name : Reader(open(), path.string(), 0).datasets()) joined += name + '\0';
    return joined;
  });
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\0', begin) + 1)
    names.emplace_back(text.c_str() + begin);
  return names;
}

std::vector<TensorRecord> parse_hdf5(std::string_view bytes, std::string_view origin,
                                     const std::vector<std::string>& names, std::uint64_t limit) {
  const auto lock = library();
  const Open open = [&] {
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    std::string image(bytes);  // the library wants to be allowed to write
    H5Pset_fapl_core(access, 1 << 16, false);
    H5Pset_file_image(access, image.data(), image.size());
    return Handle(H5Fopen("memory", H5F_ACC_RDONLY, access), H5Fclose);
  };
  return read_apart(open, origin, names, limit);
}

void write_hdf5(const std::filesystem::path& path, const std::vector<TensorRecord>& tensors) {
  check_names(tensors);
  const auto lock = library();
  base::write_atomically(path, [&](const std::filesystem::path& temporary) {
    const Handle file(H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    if (!file.valid()) base::fail(kWrite, "cannot write {}: {}", path.string(), cause());
    for (const TensorRecord& tensor : tensors) write_dataset(file, tensor, path);
    if (H5Fflush(file, H5F_SCOPE_LOCAL) < 0) base::fail(kWrite, "cannot write {}: {}", path.string(), cause());
  });
}

}  // namespace fathom::io
