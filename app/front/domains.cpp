#include "app/front/domains.h"

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/domain/imaging/config.h"
#include "fathom/domain/llm/config.h"
#include "fathom/domain/lp/config.h"
#include "fathom/domain/map/config.h"
#include "fathom/domain/pde/config.h"
#include "fathom/domain/theory/config.h"
#include "fathom/domain/puzzle/config.h"

namespace fathom::app {

namespace {

template <class Config>
Domain domain_of(std::string name, std::string summary, Config (*preset)(std::string_view),
                 std::vector<DomainFlag> flags = {}) {
  return {std::move(name), std::move(summary), std::move(flags),
          [preset](std::string_view word) { return OptionSet(word, preset(word)); }};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> OptionSet::domain_settings() const {
  std::vector<std::pair<std::string, std::string>> settings;
  for (std::size_t i = run_count_; i < fields_.all().size(); ++i) {
    const base::Field& field = fields_.all()[i];
    settings.emplace_back(field.name, field.get());
  }
  return settings;
}

const std::vector<Domain>& domains() {
  static const std::vector<Domain> list = {
      domain_of("lp", "linear programs: a bipartite graph block whose fixed point predicts the solution", lp::preset),
      domain_of("llm", "a looped language model: trained on bytes of a text, or asked pairs of prompts", llm::preset,
                {{"--train", "data.corpus", "llm: train a byte-level model on this text"},
                 {"--pairs", "study.pairs", "llm: answer these prompt pairs with every number of steps (CSV)"}}),
      domain_of("map", "a map G(y, x) of your own, given as a TorchScript file; nothing is trained", map::preset),
      domain_of("theory", "the expressive-power theorem: constructed, learned and measured on targets F(x)",
                theory::preset),
      domain_of("imaging", "blurred photos: a step with a learned denoiser, iterated, against the denoiser alone",
                imaging::preset),
      domain_of("pde", "steady Navier-Stokes: Fourier networks from a forcing to its flow, implicit against explicit",
                pde::preset),
      domain_of("puzzle",
                "bit strings, mazes, Sudoku: a small looped network that solves larger ones by iterating longer",
                puzzle::preset),
  };
  return list;
}

const Domain& find_domain(std::string_view name, const std::vector<Domain>& among) {
  std::vector<std::string> names;
  for (const Domain& domain : among) {
    if (domain.name == name) return domain;
    names.push_back(domain.name);
  }
  const std::string near = base::nearest(name, names);
  throw UsageError(fmt::format("unknown domain '{}'; {}", name,
                               near.empty() ? fmt::format("the domains are: {}", fmt::join(names, ", "))
                                            : fmt::format("did you mean '{}'?", near)));
}

}  // namespace fathom::app
