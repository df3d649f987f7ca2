#include "fathom/io/torch_save.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/pickle.h"
#include "fathom/io/zip_reader.h"

namespace fathom::io {

namespace {

using Kind = PickleNode::Kind;
using Node = const PickleNode*;

constexpr std::string_view kParse = "io::parse_torch_save";
constexpr std::string_view kPickle = "/data.pkl";
constexpr std::uint64_t kExpansion = 16;  // tensors may share a storage, or be expanded, a few times

const std::map<std::string_view, DType>& storage_types() {
  static const std::map<std::string_view, DType> types = {
      {"torch.DoubleStorage", DType::f64},    {"torch.FloatStorage", DType::f32}, {"torch.HalfStorage", DType::f16},
      {"torch.BFloat16Storage", DType::bf16}, {"torch.LongStorage", DType::i64},  {"torch.IntStorage", DType::i32},
      {"torch.ShortStorage", DType::i16},     {"torch.CharStorage", DType::i8},   {"torch.ByteStorage", DType::u8},
      {"torch.BoolStorage", DType::boolean}};
  return types;
}

// Where a tensor lies in a storage.
struct View {
  DType dtype = DType::f32;
  std::string key;  // of the storage
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape, strides;
};

class Reader {
 public:
  // torch.save does not compress, so that what unpacks to many times the archive's size is no file of it.
  Reader(std::string_view bytes, std::string_view origin, std::uint64_t limit)
      : origin_(origin),
        limit_(std::min<std::uint64_t>(limit, kExpansion * bytes.size())),
        left_(limit_),
        zip_(bytes, kParse, origin, limit_) {}

  std::vector<TensorRecord> tensors() {
    const Pickle pickle = Pickle::parse(zip_.unpack(find_pickle()), origin_);
    check_byte_order();
    std::vector<TensorRecord> list;
    std::set<std::string> names;
    for (const auto& [key, value] : dictionary(&pickle.root())) {
      if (!key->is(Kind::text)) base::fail(kParse, "{}: a key of the dictionary is no text", origin_);
      if (!names.insert(key->text).second) refuse(key->text, "appears twice");
      list.push_back(dense(key->text, view_of(key->text, value)));
    }
    return list;
  }

 private:
  [[noreturn]] void refuse(const std::string& name, std::string_view cause) const {
    base::fail(kParse, "{}: '{}' {}", origin_, excerpt(name), cause);
  }

  std::uint64_t find_pickle() {
    for (std::uint64_t i = 0; i < zip_.size(); ++i) {
      const std::string name = zip_.name(i);
      if (!name.ends_with(kPickle)) continue;
      folder_ = name.substr(0, name.size() - kPickle.size());
      return i;
    }
    base::fail(kParse, "{}: no data.pkl inside; is it a file of torch.save?", origin_);
  }

  void check_byte_order() {
    const std::int64_t member = zip_.find(folder_ + "/byteorder");
    if (member >= 0 && zip_.unpack(static_cast<std::uint64_t>(member)) != "little") {
      base::fail(kParse, "{}: written on a big-endian machine; save it on a little-endian one", origin_);
    }
  }

  const std::vector<std::pair<Node, Node>>& dictionary(Node root) const {
    const bool ordered = is_call_of(root, "collections.OrderedDict") && root->children[1]->children.empty();
    if (!root->is(Kind::dict) && !ordered) {
      base::fail(kParse, "{}: holds no dictionary of tensors; save module.state_dict()", origin_);
    }
    return root->entries;
  }

  static bool is_call_of(Node node, std::string_view name) {
    return node->is(Kind::call) && node->children[0]->is(Kind::name) && node->children[0]->text == name &&
           node->children[1]->is(Kind::tuple);
  }

  View view_of(const std::string& name, Node value) const {
    if (is_call_of(value, "torch._utils._rebuild_parameter") && !value->children[1]->children.empty()) {
      value = value->children[1]->children[0];
    }
    if (!is_call_of(value, "torch._utils._rebuild_tensor_v2")) refuse(name, what_else(value));
    const std::vector<Node>& arguments = value->children[1]->children;
    if (arguments.size() < 4 || !arguments[0]->is(Kind::persistent)) refuse(name, "is not built as torch.save does");
    View view = storage_of(name, arguments[0]->children[0]);
    view.offset = integer(name, arguments[1]);
    view.shape = integers(name, arguments[2]);
    view.strides = integers(name, arguments[3]);
    if (view.shape.size() != view.strides.size()) refuse(name, "has another number of strides than of dimensions");
    return view;
  }

  static std::string what_else(Node value) {
    if (value->is(Kind::call) && value->children[0]->is(Kind::name)) {
      return fmt::format("is made by {}, not a dense tensor; save module.state_dict() of such tensors alone",
                         excerpt(value->children[0]->text));
    }
    return "is no tensor; save module.state_dict() itself, not a dictionary around it";
  }

  // ("storage", type, key, device, elements)
  View storage_of(const std::string& name, Node id) const {
    const bool formed = id->is(Kind::tuple) && id->children.size() == 5 && id->children[1]->is(Kind::name) &&
                        id->children[2]->is(Kind::text);
    if (!formed) refuse(name, "has a storage that torch.save does not write");
    const std::string& type = id->children[1]->text;
    const auto found = storage_types().find(type);
    if (found == storage_types().end()) {
      refuse(name, fmt::format("has elements of {}, which no file here holds; convert it first", excerpt(type)));
    }
    return {.dtype = found->second, .key = id->children[2]->text, .shape = {}, .strides = {}};
  }

  std::int64_t integer(const std::string& name, Node node) const {
    if (!node->is(Kind::integer) || node->integer < 0) refuse(name, "has an offset, size or stride that is no count");
    return node->integer;
  }

  std::vector<std::int64_t> integers(const std::string& name, Node node) const {
    if (!node->is(Kind::tuple)) refuse(name, "has sizes that are no tuple");
    std::vector<std::int64_t> list;
    for (const Node child : node->children) list.push_back(integer(name, child));
    return list;
  }

  const std::string& storage(const std::string& name, const std::string& key) {
    const auto known = storages_.find(key);
    if (known != storages_.end()) return known->second;
    const std::int64_t member = zip_.find(fmt::format("{}/data/{}", folder_, key));
    if (member < 0) refuse(name, fmt::format("lies in a storage '{}' that is missing", excerpt(key)));
    return storages_.emplace(key, zip_.unpack(static_cast<std::uint64_t>(member))).first->second;
  }

  // One past the last element of the storage that the view touches; nothing on overflow.
  static std::optional<std::int64_t> reach(const View& view) {
    std::int64_t last = view.offset;
    for (std::size_t i = 0; i < view.shape.size(); ++i) {
      std::int64_t way = 0;
      if (__builtin_mul_overflow(view.shape[i] - 1, view.strides[i], &way)) return std::nullopt;
      if (__builtin_add_overflow(last, way, &last)) return std::nullopt;
    }
    if (last == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return last + 1;
  }

  TensorRecord dense(const std::string& name, const View& view) {
    const std::optional<std::uint64_t> size = byte_count(view.shape, view.dtype);
    if (!size || *size > left_) refuse(name, fmt::format("is larger than the limit of {} bytes", limit_));
    left_ -= *size;
    TensorRecord tensor{name, view.dtype, view.shape, std::string(*size, '\0')};
    if (*size == 0) return tensor;
    const std::string& bytes = storage(name, view.key);
    const std::optional<std::int64_t> end = reach(view);
    if (!end || static_cast<std::uint64_t>(*end) > bytes.size() / size_of(view.dtype)) {
      refuse(name, "reaches beyond its storage");
    }
    gather(view, bytes, tensor.bytes);
    return tensor;
  }

  // Row-major, whatever the strides.
  static void gather(const View& view, const std::string& from, std::string& to) {
    const std::size_t width = size_of(view.dtype);
    std::vector<std::int64_t> index(view.shape.size(), 0);
    std::int64_t at = view.offset;
    for (std::size_t done = 0; done < to.size(); done += width) {
      from.copy(to.data() + done, width, static_cast<std::size_t>(at) * width);
      for (std::size_t d = view.shape.size(); d-- > 0;) {
        at += view.strides[d];
        if (++index[d] < view.shape[d]) break;
        at -= view.strides[d] * view.shape[d];
        index[d] = 0;
      }
    }
  }

  std::string_view origin_;
  std::uint64_t limit_, left_;
  ZipReader zip_;
  std::string folder_;
  std::map<std::string, std::string> storages_;
};

}  // namespace

bool looks_like_zip(std::string_view bytes) { return bytes.starts_with("PK"); }

std::vector<TensorRecord> parse_torch_save(std::string_view bytes, std::string_view origin, std::uint64_t limit) {
  if (bytes.starts_with("\x80\x02\x8a\x0a")) {
    base::fail(kParse, "{}: the format from before torch 1.6; load it there and torch.save it again", origin);
  }
  return Reader(bytes, origin, limit).tensors();
}

std::vector<TensorRecord> read_torch_save(const std::filesystem::path& path, std::uint64_t limit) {
  return parse_torch_save(base::read_file(path), path.string(), limit);
}

}  // namespace fathom::io
