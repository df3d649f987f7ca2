// A self-contained HTML page (in XML syntax): no scripts, nothing loaded from elsewhere; light or
// dark as the reader prefers, readable on a phone and on paper. All text is escaped.
#pragma once

#include <string>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/report/xml.h"

namespace fathom::report {

inline constexpr int kNoRow = -1;

class HtmlPage {
 public:
  HtmlPage(const std::string& title, const std::string& subtitle);

  void heading(const std::string& text);
  void paragraph(const std::string& text);
  void lead(const std::string& text);  // a paragraph to be read first

  // Numeric columns to the right; the emphasised row in bold on a tint.
  void table(const base::Table& table, int emphasised_row = kNoRow);

  // One picture, or several side by side where there is room, over one caption. `svgs` are complete
  // SVG elements.
  void figure(const std::vector<std::string>& svgs, const std::string& caption);

  // Each claim with the words holds or FAILS, its value and what was required.
  void checks(const std::vector<base::Check>& checks);

  // A part that is folded until asked for.
  void open_details(const std::string& summary);
  void close_details();
  void code(const std::string& text);

  std::string take();  // the page; nothing may be added after

 private:
  Xml xml_;
};

}  // namespace fathom::report
