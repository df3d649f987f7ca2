// Numbers that JSON has no word for: NaN is null, the infinities are the texts "inf" and "-inf". Internal to the room.
#pragma once

#include <optional>

#include <nlohmann/json.hpp>

namespace fathom::io {

nlohmann::ordered_json json_of(double value);

// Nothing when the value is neither a number nor one of these words.
std::optional<double> double_of(const nlohmann::json& value);

}  // namespace fathom::io
