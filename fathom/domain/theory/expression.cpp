#include "fathom/domain/theory/expression.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>
#include <muParser.h>

#include "fathom/base/error.h"

namespace fathom::theory {

struct Expression::Parser {
  double x = 1;
  mu::Parser parser;
};

namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw UsageError(fmt::format("[theory::Expression] expression = '{}' violates a formula in x; {}", text, why));
}

}  // namespace

Expression::Expression(std::string text) : text_(std::move(text)), parser_(std::make_shared<Parser>()) {
  try {
    mu::Parser& parser = parser_->parser;
    parser.DefineVar("x", &parser_->x);
    parser.DefineConst("pi", std::numbers::pi);
    parser.DefineConst("e", std::numbers::e);
    parser.DefineFun("log", static_cast<double (*)(double)>(std::log));
    parser.SetExpr(text_);
    parser.Eval();
    if (parser.GetNumResults() != 1) refuse(text_, "it has a comma outside a function; write one value");
  } catch (const mu::ParserError& error) {
    refuse(text_, fmt::format("{} (at character {})", error.GetMsg(), error.GetPos() + 1));
  }
}

double Expression::operator()(double x) const {
  parser_->x = x;
  try {
    return parser_->parser.Eval();
  } catch (const mu::ParserError&) {  // an operation that is not defined there
    return std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace fathom::theory
