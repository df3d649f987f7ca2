#include "app/serve/api_error.h"

#include <nlohmann/json.hpp>

namespace fathom::app {

std::string ApiError::type() const {
  switch (status_) {
    case 401:
      return "authentication_error";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return status_ >= 500 ? "server_error" : "invalid_request_error";
  }
}

std::string ApiError::json() const {
  const auto or_null = [](const std::string& text) { return text.empty() ? nlohmann::json() : nlohmann::json(text); };
  const nlohmann::ordered_json body = {
      {"error", {{"message", what()}, {"type", type()}, {"param", or_null(param_)}, {"code", or_null(code_)}}}};
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void refuse_field(const std::string& field, const std::string& value, const std::string& bound,
                  const std::string& hint) {
  throw ApiError(400, fmt::format("{} = {} violates {}{}{}", field, value, bound, hint.empty() ? "" : "; ", hint),
                 field);
}

}  // namespace fathom::app
