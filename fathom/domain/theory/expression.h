// A function of one variable given as text, read and evaluated by muParser: "1/x", "sin(3*x) + x^2", "x < 0 ? -x :
// 1/x".
//
// Operators + - * / ^ and comparisons, ? :, the functions sin cos tan asin acos atan sinh cosh tanh exp ln (and log,
// the same) log10 log2 sqrt abs sign rint min max, the constants pi and e. The variable is x.
#pragma once

#include <memory>
#include <string>

namespace fathom::theory {

class Expression {
 public:
  // Errors (UsageError): a text that does not parse, with the parser's words and the place.
  explicit Expression(std::string text);

  double operator()(double x) const;  // NaN or infinity where it is not defined
  const std::string& text() const { return text_; }

 private:
  struct Parser;
  std::string text_;
  std::shared_ptr<Parser> parser_;  // copies share it: not for several threads
};

}  // namespace fathom::theory
