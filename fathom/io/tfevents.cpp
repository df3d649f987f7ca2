#include "fathom/io/tfevents.h"

#include <chrono>
#include <cstring>
#include <optional>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/crc32c.h"

namespace fathom::io {
namespace {

constexpr std::string_view kVersion = "brain.Event:2";
constexpr std::string_view kParse = "io::parse_events";
enum Wire : unsigned { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_key(std::string& out, unsigned field, Wire wire) { put_varint(out, field << 3 | wire); }

void put_bytes(std::string& out, unsigned field, std::string_view bytes) {
  put_key(out, field, kBytes);
  put_varint(out, bytes.size());
  out += bytes;
}

std::string frame(std::string_view payload) {
  std::string out;
  put(out, static_cast<std::uint64_t>(payload.size()));
  put(out, masked_crc32c(out));
  out += payload;
  put(out, masked_crc32c(payload));
  return out;
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::string version_record() {
  std::string event;
  put_key(event, 1, kFixed64);
  put(event, now());
  put_bytes(event, 3, kVersion);
  return frame(event);
}

// Reads one protocol buffer message field by field.
class Message {
 public:
  struct Part {
    std::uint64_t field, wire, number;  // `number` of a varint
    std::string_view bytes;             // of the other wire types
  };

  explicit Message(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }

  Part next() {
    const std::uint64_t key = varint();
    Part part{key >> 3, key & 7, 0, {}};
    if (part.wire == kVarint)
      part.number = varint();
    else if (part.wire == kFixed64)
      part.bytes = take(8);
    else if (part.wire == kFixed32)
      part.bytes = take(4);
    else if (part.wire == kBytes)
      part.bytes = take(varint());
    else
      base::fail(kParse, "wire type {} in an event", part.wire);
    return part;
  }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) base::fail(kParse, "a field of {} bytes in {} bytes of an event", size, rest_.size());
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    base::fail(kParse, "a number longer than 64 bits in an event");
  }

  std::string_view rest_;
};

template <class T>
T value_of(std::string_view bytes) {
  T value;
  if (bytes.size() != sizeof value) base::fail(kParse, "a number of {} bytes in an event", bytes.size());
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// A Summary.Value, when it is a scalar.
std::optional<ScalarEvent> parse_value(std::string_view bytes) {
  ScalarEvent scalar;
  bool has_value = false;
  for (Message message(bytes); !message.done();) {
    const auto part = message.next();
    if (part.field == 1) scalar.tag = std::string(part.bytes);
    if (part.field != 2) continue;
    scalar.value = value_of<float>(part.bytes);
    has_value = true;
  }
  return has_value ? std::optional(scalar) : std::nullopt;
}

void parse_event(std::string_view bytes, std::vector<ScalarEvent>& scalars) {
  double wall_time = 0;
  std::int64_t step = 0;
  const std::size_t first = scalars.size();
  for (Message event(bytes); !event.done();) {
    const auto part = event.next();
    if (part.field == 1) wall_time = value_of<double>(part.bytes);
    if (part.field == 2) step = static_cast<std::int64_t>(part.number);
    if (part.field != 5) continue;
    for (Message summary(part.bytes); !summary.done();) {
      const auto value = summary.next();
      if (value.field != 1) continue;
      if (auto scalar = parse_value(value.bytes)) scalars.push_back(std::move(*scalar));
    }
  }
  for (std::size_t i = first; i < scalars.size(); ++i) {
    scalars[i].wall_time = wall_time;
    scalars[i].step = step;
  }
}

// The payload of the frame at the start of `rest`, which is moved behind it; nothing when the frame is incomplete.
std::optional<std::string_view> take_frame(std::string_view& rest, std::string_view origin, std::uint64_t position) {
  constexpr std::size_t kHead = 12, kTail = 4;
  if (rest.size() < kHead) return std::nullopt;
  const auto length = value_of<std::uint64_t>(rest.substr(0, 8));
  const bool length_right = value_of<std::uint32_t>(rest.substr(8, 4)) == masked_crc32c(rest.substr(0, 8));
  if (!length_right) base::fail(kParse, "{}: wrong checksum of the length at byte {}", origin, position);
  if (length > rest.size() - kHead || rest.size() - kHead - length < kTail) return std::nullopt;
  const std::string_view payload = rest.substr(kHead, length);
  const bool payload_right = value_of<std::uint32_t>(rest.substr(kHead + length, kTail)) == masked_crc32c(payload);
  if (!payload_right) base::fail(kParse, "{}: wrong checksum of the event at byte {}", origin, position);
  rest.remove_prefix(kHead + length + kTail);
  return payload;
}

}  // namespace

std::string to_tfrecord(const ScalarEvent& event) {
  std::string value, summary, message;
  put_bytes(value, 1, event.tag);
  put_key(value, 2, kFixed32);
  put(value, event.value);
  put_bytes(summary, 1, value);
  put_key(message, 1, kFixed64);
  put(message, event.wall_time);
  put_key(message, 2, kVarint);
  put_varint(message, static_cast<std::uint64_t>(event.step));
  put_bytes(message, 5, summary);
  return frame(message);
}

EventFile parse_events(std::string_view bytes, std::string_view origin) {
  EventFile file;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const auto payload = take_frame(rest, origin, file.whole_bytes);
    if (!payload) {
      file.truncated = true;
      break;
    }
    parse_event(*payload, file.scalars);
    file.whole_bytes = bytes.size() - rest.size();
  }
  return file;
}

EventFile read_events(const std::filesystem::path& path) { return parse_events(base::read_file(path), path.string()); }

EventWriter::EventWriter(const std::filesystem::path& path) : path_(path) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  const std::uint64_t whole = std::filesystem::exists(path, error) ? read_events(path).whole_bytes : 0;
  if (whole > 0) std::filesystem::resize_file(path, whole);
  out_.open(path, std::ios::binary | (whole > 0 ? std::ios::app : std::ios::trunc));
  if (whole == 0) out_ << version_record() << std::flush;
  if (!out_) base::fail("io::EventWriter", "cannot open {} for appending; check the folder", path.string());
}

void EventWriter::write(const ScalarEvent& event) {
  out_ << to_tfrecord(event) << std::flush;
  if (!out_) base::fail("io::EventWriter", "cannot write to {}; is the disk full?", path_.string());
}

void EventWriter::write(std::string_view tag, std::int64_t step, double value) {
  write({now(), step, std::string(tag), static_cast<float>(value)});
}

}  // namespace fathom::io
