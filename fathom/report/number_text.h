// Numbers as people read them. No locale: the decimal sign is a point.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fathom::report {

inline constexpr const char* kMissing = "–";  // what stands for a number that was not measured

// `digits` significant digits without trailing zeros: 0.1713, 12.5, 3200000, 1.2×10⁻⁷; kMissing
// when not finite.
std::string significant(double value, int digits = 4);

// A column of figures with the same number of decimals, enough for `digits` significant digits of
// the smallest; figures too far apart for that are written one by one.
std::vector<std::string> column_text(const std::vector<double>& values, int digits = 3);

// 31606 -> "31 606" with narrow no-break spaces (U+202F), as the SI brochure (9th edition, 5.4.4)
// recommends.
std::string grouped(std::int64_t value);

// 0.8 -> "0.8 s", 75 -> "1 min 15 s", 9000 -> "2 h 30 min".
std::string duration(double seconds);

// 10 to the `exponent` as text: "10⁻³".
std::string power_of_ten(int exponent);

// "1 model", "3 models".
std::string plural(std::int64_t count, const std::string& noun);

}  // namespace fathom::report
