#include "fathom/io/study_record.h"

#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "fathom/base/base64.h"
#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/json_number.h"
#include "fathom/io/json_parse.h"

namespace fathom::io {
namespace {

using nlohmann::json;
using Ordered = nlohmann::ordered_json;
using Numbers = std::vector<double>;
using NamedNumbers = std::map<std::string, double>;

constexpr std::string_view kWrite = "io::to_json";
constexpr std::string_view kParse = "io::parse_study_record";

// ---- writing

Ordered json_of(const Numbers& values) {
  Ordered list = Ordered::array();
  for (const double value : values) list.push_back(io::json_of(value));
  return list;
}

Ordered json_of(const NamedNumbers& values) {
  Ordered object = Ordered::object();
  for (const auto& [name, value] : values) object[name] = io::json_of(value);
  return object;
}

Ordered json_of(const base::ModelResult& m) {
  return {{"name", m.name},
          {"kind", m.kind},
          {"parameters", m.parameters},
          {"metric", m.metric},
          {"train", io::json_of(m.train)},
          {"test", io::json_of(m.test)},
          {"train_std", io::json_of(m.train_std)},
          {"test_std", io::json_of(m.test_std)},
          {"seconds_train", io::json_of(m.seconds_train)},
          {"seeds", m.seeds},
          {"seed", m.seed},
          {"extra", json_of(m.extra)},
          {"extra_std", json_of(m.extra_std)}};
}

Ordered json_of(const base::Curve& c) {
  return {{"model", c.model},        {"quantity", c.quantity}, {"group", c.group},     {"t", json_of(c.t)},
          {"mean", json_of(c.mean)}, {"std", json_of(c.std)},  {"max", json_of(c.max)}};
}

Ordered json_of(const base::Check& c) {
  return {{"name", c.name}, {"value", io::json_of(c.value)}, {"bound", io::json_of(c.bound)}, {"ok", c.ok}};
}

Ordered json_of(const base::Figure::Line& l) { return {{"name", l.name}, {"x", json_of(l.x)}, {"y", json_of(l.y)}}; }

Ordered json_of(const base::Figure::Mark& m) { return {{"at", io::json_of(m.at)}, {"label", m.label}}; }

Ordered json_of(const base::Figure::Panel& p);
Ordered json_of(const base::FieldFigure::Panel& p);

template <class Item>
Ordered list_of(const std::vector<Item>& items) {
  Ordered list = Ordered::array();
  for (const Item& item : items) list.push_back(json_of(item));
  return list;
}

Ordered json_of(const base::Figure::Panel& p) {
  return {{"name", p.name},
          {"title", p.title},
          {"x_label", p.x_label},
          {"y_label", p.y_label},
          {"log_x", p.log_x},
          {"log_y", p.log_y},
          {"lines", list_of(p.lines)},
          {"marks", list_of(p.marks)},
          {"levels", list_of(p.levels)}};
}

Ordered json_of(const base::Figure& f) {
  return {{"section", f.section}, {"caption", f.caption}, {"panels", list_of(f.panels)}};
}

Ordered json_of(const base::FieldFigure::Panel& p) {
  Ordered panel = {
      {"title", p.title}, {"low", io::json_of(p.low)}, {"high", io::json_of(p.high)}, {"level", base::base64(p.level)}};
  if (!p.rgb.empty()) {
    panel["rgb"] = base::base64(p.rgb);
    panel["note"] = p.note;
  }
  return panel;
}

Ordered json_of(const base::FieldFigure& f) {
  return {{"name", f.name},   {"section", f.section}, {"caption", f.caption},       {"height", f.height},
          {"width", f.width}, {"columns", f.columns}, {"panels", list_of(f.panels)}};
}

Ordered data_of(const base::StudyRecord& r) {
  return {{"train", r.train_samples},
          {"test", r.test_samples},
          {"sha256", r.data_sha256},
          {"statistics", json_of(r.statistics)}};
}

// A list with one element per line.
template <class Item>
std::string lines_of(const std::vector<Item>& items) {
  std::string text;
  for (const Item& item : items) text += (text.empty() ? "\n  " : ",\n  ") + json_of(item).dump();
  return "[" + text + (items.empty() ? "]" : "\n ]");
}

// Key and JSON text, in the order of the file.
std::vector<std::pair<std::string, std::string>> members_of(const base::StudyRecord& r) {
  std::vector<std::pair<std::string, std::string>> members = {
      {"schema", json(r.schema).dump()},     {"domain", json(r.domain).dump()},
      {"protocol", json(r.protocol).dump()}, {"preset", json(r.preset).dump()},
      {"seed", json(r.seed).dump()},         {"git", json(r.git).dump()},
      {"libtorch", json(r.libtorch).dump()}, {"command", json(r.command).dump()},
      {"date", json(r.date).dump()},         {"machine", json(r.machine).dump()},
      {"threads", json(r.threads).dump()},   {"seconds", io::json_of(r.seconds).dump()},
      {"data", data_of(r).dump()},           {"models", lines_of(r.models)},
      {"curves", lines_of(r.curves)},        {"checks", lines_of(r.checks)}};
  if (!r.figures.empty()) members.emplace_back("figures", lines_of(r.figures));
  if (!r.fields.empty()) members.emplace_back("fields", lines_of(r.fields));
  members.emplace_back("config", json(r.config).dump());
  return members;
}

// ---- reading

// A JSON value and where it stands, for the errors.
class Node {
 public:
  Node(const json& value, std::string place, std::string_view origin)
      : value_(value), place_(std::move(place)), origin_(origin) {}

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    base::fail(kParse, "{}: {} {}", origin_, excerpt(place_, 120), fmt::format(format, std::forward<Args>(args)...));
  }

  bool has(const char* key) const { return value_.contains(key); }

  Node at(const std::string& key) const {
    if (!value_.is_object()) refuse("is not an object");
    const auto found = value_.find(key);
    if (found == value_.end()) refuse("has no key '{}'", key);
    return Node(*found, place_ == "the record" ? key : place_ + "." + key, origin_);
  }

  std::vector<Node> list() const {
    if (!value_.is_array()) refuse("is not a list");
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < value_.size(); ++i) {
      nodes.emplace_back(value_[i], fmt::format("{}[{}]", place_, i), origin_);
    }
    return nodes;
  }

  void read(std::string& out) const {
    if (!value_.is_string()) refuse("is not a text");
    out = value_.get<std::string>();
  }
  void read(bool& out) const {
    if (!value_.is_boolean()) refuse("is neither true nor false");
    out = value_.get<bool>();
  }
  void read(double& out) const {
    const auto number = double_of(value_);
    if (!number) refuse("is not a number");
    out = *number;
  }
  void read(std::uint64_t& out) const {
    if (!value_.is_number_unsigned()) refuse("is not an integer >= 0");
    out = value_.get<std::uint64_t>();
  }
  void read(std::int64_t& out) const {
    constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
    const bool large = value_.is_number_unsigned() && value_.get<std::uint64_t>() > kLargest;
    if (!value_.is_number_integer() || large) refuse("is not an integer of 64 bits");
    out = value_.get<std::int64_t>();
  }
  void read(Numbers& out) const {
    for (const Node& item : list()) item.read(out.emplace_back());
  }
  void read(NamedNumbers& out) const {
    if (!value_.is_object()) refuse("is not an object");
    for (const auto& [name, value] : value_.items()) Node(value, place_ + "." + name, origin_).read(out[name]);
  }

 private:
  const json& value_;
  std::string place_;
  std::string_view origin_;
};

template <class Value>
void read_required(const Node& node, const char* key, Value& out) {
  node.at(key).read(out);
}

template <class Value>
void read_optional(const Node& node, const char* key, Value& out) {
  if (node.has(key)) node.at(key).read(out);
}

base::ModelResult model_of(const Node& node) {
  base::ModelResult m;
  read_required(node, "name", m.name);
  read_required(node, "kind", m.kind);
  read_required(node, "parameters", m.parameters);
  read_required(node, "metric", m.metric);
  read_required(node, "train", m.train);
  read_required(node, "test", m.test);
  read_optional(node, "train_std", m.train_std);
  read_optional(node, "test_std", m.test_std);
  read_required(node, "seconds_train", m.seconds_train);
  read_optional(node, "seeds", m.seeds);
  read_required(node, "seed", m.seed);
  read_optional(node, "extra", m.extra);
  read_optional(node, "extra_std", m.extra_std);
  return m;
}

bool same_lengths(const base::Curve& c) {
  return c.mean.size() == c.t.size() && c.std.size() == c.t.size() && c.max.size() == c.t.size();
}

base::Curve curve_of(const Node& node) {
  base::Curve c;
  read_required(node, "model", c.model);
  read_required(node, "quantity", c.quantity);
  read_required(node, "group", c.group);
  read_required(node, "t", c.t);
  read_required(node, "mean", c.mean);
  read_required(node, "std", c.std);
  read_required(node, "max", c.max);
  if (!same_lengths(c)) node.refuse("has t, mean, std and max of different lengths");
  return c;
}

base::Check check_of(const Node& node) {
  base::Check c;
  read_required(node, "name", c.name);
  read_required(node, "value", c.value);
  read_required(node, "bound", c.bound);
  read_required(node, "ok", c.ok);
  return c;
}

base::Figure::Line line_of(const Node& node) {
  base::Figure::Line l;
  read_required(node, "name", l.name);
  read_required(node, "x", l.x);
  read_required(node, "y", l.y);
  if (l.x.size() != l.y.size()) node.refuse("has x and y of different lengths");
  return l;
}

base::Figure::Mark mark_of(const Node& node) {
  base::Figure::Mark m;
  read_required(node, "at", m.at);
  read_required(node, "label", m.label);
  return m;
}

base::Figure::Panel panel_of(const Node& node) {
  base::Figure::Panel p;
  read_required(node, "name", p.name);
  read_required(node, "title", p.title);
  read_required(node, "x_label", p.x_label);
  read_required(node, "y_label", p.y_label);
  read_required(node, "log_x", p.log_x);
  read_required(node, "log_y", p.log_y);
  for (const Node& item : node.at("lines").list()) p.lines.push_back(line_of(item));
  for (const Node& item : node.at("marks").list()) p.marks.push_back(mark_of(item));
  for (const Node& item : node.at("levels").list()) p.levels.push_back(mark_of(item));
  return p;
}

base::Figure figure_of(const Node& node) {
  base::Figure f;
  read_required(node, "section", f.section);
  read_required(node, "caption", f.caption);
  for (const Node& item : node.at("panels").list()) f.panels.push_back(panel_of(item));
  return f;
}

std::vector<std::uint8_t> bytes_of(const Node& node, const char* key) {
  std::string text;
  read_required(node, key, text);
  const std::optional<std::vector<std::uint8_t>> bytes = base::from_base64(text);
  if (!bytes) node.at(key).refuse("is not base64");
  return *bytes;
}

base::FieldFigure::Panel field_panel_of(const Node& node) {
  base::FieldFigure::Panel p;
  read_required(node, "title", p.title);
  read_required(node, "low", p.low);
  read_required(node, "high", p.high);
  p.level = bytes_of(node, "level");
  if (node.has("rgb")) p.rgb = bytes_of(node, "rgb");
  read_optional(node, "note", p.note);
  return p;
}

base::FieldFigure fields_of(const Node& node) {
  base::FieldFigure f;
  read_required(node, "name", f.name);
  read_required(node, "section", f.section);
  read_required(node, "caption", f.caption);
  read_required(node, "height", f.height);
  read_required(node, "width", f.width);
  read_required(node, "columns", f.columns);
  for (const Node& item : node.at("panels").list()) {
    f.panels.push_back(field_panel_of(item));
    const base::FieldFigure::Panel& panel = f.panels.back();
    const auto samples = static_cast<std::int64_t>(panel.rgb.size());
    const auto points = samples > 0 ? samples / 3 : static_cast<std::int64_t>(panel.level.size());
    if (samples % 3 != 0 || (samples > 0 && !panel.level.empty()))
      item.refuse("has {} colour samples and levels", samples);
    if (points == 0) continue;
    if (f.height < 1 || f.width < 1 || points / f.height != f.width || points % f.height != 0) {
      item.refuse("has {} levels, not those of {} x {} points", points, f.height, f.width);
    }
  }
  return f;
}

void read_data(const Node& node, base::StudyRecord& r) {
  read_required(node, "train", r.train_samples);
  read_required(node, "test", r.test_samples);
  read_required(node, "sha256", r.data_sha256);
  read_optional(node, "statistics", r.statistics);
}

base::StudyRecord record_of(const Node& node) {
  base::StudyRecord r;
  std::int64_t schema = 0;
  read_required(node, "schema", schema);
  if (schema != kStudySchema) {
    node.at("schema").refuse("= {} violates = {}; use the program that wrote it", schema, kStudySchema);
  }
  read_required(node, "domain", r.domain);
  read_required(node, "protocol", r.protocol);
  read_required(node, "preset", r.preset);
  read_required(node, "seed", r.seed);
  read_required(node, "git", r.git);
  read_required(node, "libtorch", r.libtorch);
  read_optional(node, "command", r.command);
  read_optional(node, "date", r.date);
  read_optional(node, "machine", r.machine);
  read_required(node, "threads", r.threads);
  read_required(node, "seconds", r.seconds);
  read_data(node.at("data"), r);
  for (const Node& item : node.at("models").list()) r.models.push_back(model_of(item));
  for (const Node& item : node.at("curves").list()) r.curves.push_back(curve_of(item));
  for (const Node& item : node.at("checks").list()) r.checks.push_back(check_of(item));
  if (node.has("figures")) {
    for (const Node& item : node.at("figures").list()) r.figures.push_back(figure_of(item));
  }
  if (node.has("fields")) {
    for (const Node& item : node.at("fields").list()) r.fields.push_back(fields_of(item));
  }
  read_optional(node, "config", r.config);
  return r;
}

}  // namespace

std::string to_json(const base::StudyRecord& record) {
  base::require(record.schema == kStudySchema, kWrite, "schema", record.schema, "= 1", "this program writes no other");
  for (const base::Curve& c : record.curves) {
    if (!same_lengths(c)) {
      base::fail(kWrite, "curve {}/{}/{}: t, mean, std and max differ in length", c.model, c.quantity, c.group);
    }
  }
  try {
    std::string text;
    for (const auto& [key, value] : members_of(record)) {
      text += fmt::format("{}\"{}\": {}", text.empty() ? "{\n " : ",\n ", key, value);
    }
    return text + "\n}\n";
  } catch (const json::exception& error) {
    base::fail(kWrite, "a text of the record is not UTF-8: {}", error.what());
  }
}

base::StudyRecord parse_study_record(std::string_view text, std::string_view origin) {
  const json root = parse_json(text, kParse, origin);
  return record_of(Node(root, "the record", origin));
}

base::StudyRecord read_study_record(const std::filesystem::path& path) {
  return parse_study_record(base::read_file(path), path.string());
}

void write_study_record(const std::filesystem::path& path, const base::StudyRecord& record) {
  base::write_atomically(path, to_json(record));
}

}  // namespace fathom::io
