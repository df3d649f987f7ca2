#include "app/front/bench_record.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "fathom/base/error.h"

namespace fathom::app {

namespace {

using Json = nlohmann::json;

double number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : kNotMeasured;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// "solve_picard/1/64/manual_time" -> "solve_picard/1/64": how an entry was timed is no part of its name.
std::string plain_name(std::string name) {
  for (const char* part : {"/manual_time", "/process_time", "/real_time", "/iterations:", "/repeats:", "/min_time:"}) {
    const std::size_t at = name.find(part);
    if (at != std::string::npos) name.erase(at, name.find('/', at + 1) - at);
  }
  return name;
}

Json parse(std::string_view json, const char* what, const char* list) {
  Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object() || !parsed.contains(list) || !parsed[list].is_array()) {
    base::fail("app::bench", "no {}: JSON with a list '{}' is needed", what, list);
  }
  return parsed;
}

std::string short_number(double value) {
  if (std::isnan(value)) return "–";
  return std::abs(value) >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

BenchRow row_of(const Json& entry) {
  BenchRow row;
  row.name = plain_name(text_of(entry, "name"));
  row.ours_us = number_of(entry, "ours_us");
  row.libtorch_us = number_of(entry, "libtorch_us");
  row.limit_us = number_of(entry, "limit_us");
  row.ratio = number_of(entry, "ratio");
  row.ratio_of = text_of(entry, "label");
  row.target = number_of(entry, "target");
  row.at_most = number_of(entry, "at_most");
  if (entry.value("error_occurred", false)) row.error = text_of(entry, "error_message");
  return row;
}

const PeerRow* peer_row_of(const PeerRecord& record, const std::string& entry) {
  const auto found = std::find_if(record.rows.begin(), record.rows.end(),
                                  [&](const PeerRow& row) { return !row.entry.empty() && row.entry == entry; });
  return found == record.rows.end() ? nullptr : &*found;
}

std::string answer_of(const PeerRow* row, const std::string& peer) {
  if (row == nullptr) return "–";
  const auto found =
      std::find_if(row->peers.begin(), row->peers.end(), [&](const auto& answer) { return answer.first == peer; });
  return short_number(found == row->peers.end() ? kNotMeasured : found->second);
}

// The peers that answered at least one of the rows.
std::vector<std::string> peers_in(const PeerRecord& record, const std::vector<const PeerRow*>& rows) {
  std::vector<std::string> names;
  std::copy_if(record.peers.begin(), record.peers.end(), std::back_inserter(names), [&](const std::string& peer) {
    return std::any_of(rows.begin(), rows.end(), [&](const PeerRow* row) { return answer_of(row, peer) != "–"; });
  });
  return names;
}

}  // namespace

std::string BenchRow::wanted() const {
  if (!std::isnan(target)) return ">= " + short_number(target);
  if (!std::isnan(at_most)) return "<= " + short_number(at_most);
  return "";
}

std::string BenchRow::verdict() const {
  if (!error.empty()) return error;
  if (wanted().empty()) return "";
  return (std::isnan(target) ? ratio <= at_most : ratio >= target) ? "yes" : "no";
}

std::vector<BenchRow> read_bench_rows(std::string_view json) {
  const Json parsed = parse(json, "report of Google Benchmark", "benchmarks");
  std::vector<BenchRow> rows;
  for (const Json& entry : parsed["benchmarks"]) {
    if (!entry.is_object()) continue;
    BenchRow row = row_of(entry);
    if (!std::isnan(row.ratio) || !row.error.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

PeerRecord read_peer_record(std::string_view json) {
  const Json parsed = parse(json, "record of bench/peers/run.py", "rows");
  PeerRecord record;
  record.date = text_of(parsed, "date");
  const Json machine = parsed.value("machine", Json::object());
  record.cpu = text_of(machine, "cpu");
  record.busy = machine.value("busy", false);
  for (const Json& line : parsed["rows"]) {
    PeerRow row{text_of(line, "problem"), text_of(line, "case"),   text_of(line, "unit"),
                text_of(line, "entry"),   number_of(line, "ours"), {}};
    const Json answers = line.value("peers", Json::object());
    for (const auto& [peer, answer] : answers.items()) {
      row.peers.emplace_back(peer, number_of(answer, "value"));
      if (std::find(record.peers.begin(), record.peers.end(), peer) == record.peers.end()) record.peers.push_back(peer);
    }
    record.rows.push_back(std::move(row));
  }
  return record;
}

base::Table bench_table(const std::vector<BenchRow>& rows, const PeerRecord& record) {
  base::Table table{"", {"entry", "ours us", "libtorch us", "limit us", "ratio", "of", "wanted", "met"}, {}};
  std::vector<const PeerRow*> matching;
  for (const BenchRow& row : rows) matching.push_back(peer_row_of(record, row.name));
  const std::vector<std::string> peers = peers_in(record, matching);
  table.header.insert(table.header.end(), peers.begin(), peers.end());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const BenchRow& row = rows[i];
    table.rows.push_back({row.name, short_number(row.ours_us), short_number(row.libtorch_us),
                          short_number(row.limit_us), short_number(row.ratio), row.ratio_of, row.wanted(),
                          row.verdict()});
    for (const std::string& peer : peers) table.rows.back().push_back(answer_of(matching[i], peer));
  }
  return table;
}

base::Table peer_table(const PeerRecord& record) {
  base::Table table{fmt::format("Recorded {}, {}{}", record.date, record.cpu, record.busy ? ", a busy machine" : ""),
                    {"problem", "case", "unit", "Fathom"},
                    {}};
  table.header.insert(table.header.end(), record.peers.begin(), record.peers.end());
  for (const PeerRow& row : record.rows) {
    table.rows.push_back({row.problem, row.asked, row.unit, short_number(row.ours)});
    for (const std::string& peer : record.peers) table.rows.back().push_back(answer_of(&row, peer));
  }
  return table;
}

}  // namespace fathom::app
