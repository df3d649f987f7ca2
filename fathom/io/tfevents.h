// TensorBoard event files with scalars: TFRecord frames around hand-encoded Event protocol buffers (Event: 1 wall_time,
// 2 step, 3 file_version, 5 summary; Summary: 1 value; Value: 1 tag, 2 simple_value).
// TensorBoard finds a file when "tfevents" is in its name: events.out.tfevents.<anything>.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::io {

struct ScalarEvent {
  double wall_time = 0;  // seconds since 1970
  std::int64_t step = 0;
  std::string tag;  // "loss/train"
  float value = 0;

  bool operator==(const ScalarEvent&) const = default;
};

// The bytes of one event with one scalar, framed with its checksums.
std::string to_tfrecord(const ScalarEvent& event);

// Appends scalars, each flushed when written. A new file begins with the version event; in an existing one a last frame
// left half written by a crash is removed first.
class EventWriter {
 public:
  explicit EventWriter(const std::filesystem::path& path);  // makes the folder when absent
  void write(const ScalarEvent& event);
  void write(std::string_view tag, std::int64_t step, double value);  // at the present time

 private:
  std::filesystem::path path_;
  std::ofstream out_;
};

struct EventFile {
  std::vector<ScalarEvent> scalars;
  bool truncated = false;         // the last frame is incomplete and left out
  std::uint64_t whole_bytes = 0;  // where the last whole frame ends
};

// Throws Error with origin and byte position for a wrong checksum or a malformed event.
EventFile parse_events(std::string_view bytes, std::string_view origin);
EventFile read_events(const std::filesystem::path& path);

}  // namespace fathom::io
