// The domains the program knows, each with its options. An option set is the run's own options and the domain's as one
// list; the domain's struct is hidden, since the front process needs only names, values and bounds.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/request.h"
#include "fathom/base/fields.h"

namespace fathom::app {

class OptionSet {
 public:
  // `config` is the domain's struct at `preset`; its fields follow those of the run.
  template <class Config>
  OptionSet(std::string_view preset, Config config) {
    run_->preset = preset;
    auto owned = std::make_shared<Config>(std::move(config));
    run_->fields(fields_);
    run_count_ = fields_.all().size();
    owned->fields(fields_);
    check_ = [owned] { owned->check(); };
  }

  const RunOptions& run() const { return *run_; }
  const base::Fields& fields() const { return fields_; }

  // Throws UsageError when values of the domain's options do not go together.
  void check() const { check_(); }

  // The domain's options alone: name, value.
  std::vector<std::pair<std::string, std::string>> domain_settings() const;

 private:
  std::shared_ptr<RunOptions> run_ = std::make_shared<RunOptions>();  // fields_ refers to both
  std::function<void()> check_;                                       // owns the domain's struct
  base::Fields fields_;
  std::size_t run_count_ = 0;
};

// A flag of a domain's own that sets one of its options: --train FILE is data.corpus=FILE.
struct DomainFlag {
  std::string flag, option, help;
};

struct Domain {
  std::string name;
  std::string summary;
  std::vector<DomainFlag> flags;
  std::function<OptionSet(std::string_view preset)> options;  // the preset is one of kPresets
};

inline const std::vector<std::string> kPresets = {"quick", "full", "paper"};

const std::vector<Domain>& domains();

// Throws UsageError with the nearest name.
const Domain& find_domain(std::string_view name, const std::vector<Domain>& among = domains());

}  // namespace fathom::app
