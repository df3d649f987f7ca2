// What a request is refused with: an HTTP status and the error object of the OpenAI API.
//   {"error": {"message": "...", "type": "invalid_request_error", "param": "temperature", "code": null}}
#pragma once

#include <string>

#include "fathom/base/error.h"

namespace fathom::app {

class ApiError : public Error {
 public:
  ApiError(int status, const std::string& message, std::string param = "", std::string code = "")
      : Error(message), status_(status), param_(std::move(param)), code_(std::move(code)) {}

  int status() const { return status_; }
  const std::string& param() const { return param_; }  // the field that is wrong; "" for none
  const std::string& code() const { return code_; }    // "model_not_found"; "" for none
  std::string type() const;                            // by status: "invalid_request_error", ...
  std::string json() const;

 private:
  int status_;
  std::string param_, code_;
};

// 400 for a field: "temperature = 3 violates [0, 2]; hint".
[[noreturn]] void refuse_field(const std::string& field, const std::string& value, const std::string& bound,
                               const std::string& hint = "");

}  // namespace fathom::app
