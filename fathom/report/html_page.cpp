#include "fathom/report/html_page.h"

#include "fathom/report/check_table.h"
#include "fathom/report/table_text.h"

namespace fathom::report {

namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1c2733; --quiet: #566270; --page: #fff; --line: #dfe4e8;
  --tint: #eef5fb; --good: #00694d; --bad: #b3261e }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6eaee; --quiet: #a3aeb9; --page: #14181d; --line: #2f373f;
    --tint: #1b2a38; --good: #3fd0a4; --bad: #ff8a80 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--page);
  color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue',
  'DejaVu Sans', sans-serif }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 }
h2 { font-size: 1.25rem; margin: 2.8rem 0 .8rem }
p { max-width: 44rem; margin: .6rem 0 }
.subtitle { color: var(--quiet); margin: .4rem 0 1.6rem }
.lead { font-size: 1.1rem; max-width: 48rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; margin: .6rem 0 }
caption { text-align: left; color: var(--quiet); padding: .2rem 0 .5rem }
th, td { padding: .38rem .65rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { padding-left: .4rem }
thead th { color: var(--quiet); font-weight: 600; border-bottom-width: 2px; vertical-align: bottom }
tbody th { font-weight: 400; white-space: nowrap }
.n { text-align: right }
td.n { white-space: nowrap }
.best, .best th { font-weight: 650; background: var(--tint) }
.long { overflow-wrap: anywhere; min-width: 12rem }
.holds { color: var(--good); font-weight: 650 }
.fails { color: var(--bad); font-weight: 700 }
figure { margin: 1.2rem 0 0 }
figcaption { color: var(--quiet); font-size: .93rem; max-width: 48rem; margin: .3rem 0 0 }
figure svg { display: block; max-width: 100%; height: auto }
figure .one svg { min-width: 34rem }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: .5rem 1rem }
details { margin: .8rem 0; border-top: 1px solid var(--line); padding-top: .5rem }
summary { cursor: pointer; color: var(--quiet); font-weight: 600 }
pre { overflow-x: auto; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: .4rem;
  font: .86rem/1.5 ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt }
  figure, tr { break-inside: avoid }
  h2 { break-after: avoid }
  figure .one svg { min-width: 0 }
  .scroll { overflow: visible }
  pre { white-space: pre-wrap }
}
)";

// Bytes from which a text (a hash, a command) may be broken anywhere.
constexpr std::size_t kLongCell = 40;

std::string_view cell_class(const std::string& text, bool numeric) {
  if (numeric) return "n";
  return text.size() > kLongCell ? "long" : "";
}

void write_head(Xml& xml, const base::Table& table, const std::vector<bool>& numeric) {
  xml.open("thead");
  xml.open("tr");
  for (std::size_t c = 0; c < table.header.size(); ++c) {
    xml.text("th", {{"scope", "col"}, {"class", numeric[c] ? "n" : ""}}, table.header[c]);
  }
  xml.close();
  xml.close();
}

void write_row(Xml& xml, const std::vector<std::string>& row, const std::vector<bool>& numeric, bool emphasised) {
  xml.open("tr", {{"class", emphasised ? "best" : ""}});
  for (std::size_t c = 0; c < numeric.size(); ++c) {
    const std::string text = c < row.size() ? row[c] : "";
    if (c == 0) {
      xml.text("th", {{"scope", "row"}}, text);
    } else {
      xml.text("td", {{"class", cell_class(text, numeric[c])}}, text);
    }
  }
  xml.close();
  xml.newline();
}

}  // namespace

HtmlPage::HtmlPage(const std::string& title, const std::string& subtitle) {
  xml_.raw("<!DOCTYPE html>\n");
  xml_.open("html", {{"lang", "en"}});
  xml_.open("head");
  xml_.leaf("meta", {{"charset", "utf-8"}});
  xml_.leaf("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  xml_.text("title", {}, title);
  xml_.open("style");
  xml_.raw(kStyle);
  xml_.close();
  xml_.close();
  xml_.newline();
  xml_.open("body");
  xml_.open("main");
  xml_.text("h1", {}, title);
  if (!subtitle.empty()) xml_.text("p", {{"class", "subtitle"}}, subtitle);
  xml_.newline();
}

void HtmlPage::heading(const std::string& text) {
  xml_.text("h2", {}, text);
  xml_.newline();
}

void HtmlPage::paragraph(const std::string& text) {
  xml_.text("p", {}, text);
  xml_.newline();
}

void HtmlPage::lead(const std::string& text) {
  xml_.text("p", {{"class", "lead"}}, text);
  xml_.newline();
}

void HtmlPage::table(const base::Table& table, int emphasised_row) {
  const std::vector<bool> numeric = numeric_columns(table);
  xml_.open("div", {{"class", "scroll"}});
  xml_.open("table");
  if (!table.title.empty()) xml_.text("caption", {}, table.title);
  write_head(xml_, table, numeric);
  xml_.open("tbody");
  xml_.newline();
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    write_row(xml_, table.rows[r], numeric, static_cast<int>(r) == emphasised_row);
  }
  xml_.close();
  xml_.close();
  xml_.close();
  xml_.newline();
}

void HtmlPage::figure(const std::vector<std::string>& svgs, const std::string& caption) {
  xml_.open("figure");
  xml_.open("div", {{"class", svgs.size() == 1 ? "scroll one" : "panels"}});
  for (const std::string& svg : svgs) xml_.raw(svg);
  xml_.close();
  if (!caption.empty()) xml_.text("figcaption", {}, caption);
  xml_.close();
  xml_.newline();
}

void HtmlPage::checks(const std::vector<base::Check>& checks) {
  const base::Table words = check_table(checks);
  const std::vector<bool> numeric = numeric_columns(words);
  xml_.open("div", {{"class", "scroll"}});
  xml_.open("table");
  write_head(xml_, words, numeric);
  xml_.open("tbody");
  for (std::size_t r = 0; r < checks.size(); ++r) {
    xml_.open("tr");
    xml_.text("th", {{"scope", "row"}}, words.rows[r][0]);
    xml_.text("td", {{"class", checks[r].ok ? "holds" : "fails"}}, words.rows[r][1]);
    for (std::size_t c = 2; c < words.rows[r].size(); ++c) xml_.text("td", {{"class", "n"}}, words.rows[r][c]);
    xml_.close();
  }
  xml_.close();
  xml_.close();
  xml_.close();
  xml_.newline();
}

void HtmlPage::open_details(const std::string& summary) {
  xml_.open("details");
  xml_.text("summary", {}, summary);
  xml_.newline();
}

void HtmlPage::close_details() {
  xml_.close();
  xml_.newline();
}

void HtmlPage::code(const std::string& text) {
  xml_.open("pre");
  xml_.text("code", {}, text);
  xml_.close();
  xml_.newline();
}

std::string HtmlPage::take() { return xml_.take() + "\n"; }

}  // namespace fathom::report
