#include "app/front/resolve.h"

#include "fathom/base/error.h"

namespace fathom::app {

namespace {

void apply(const base::Fields& fields, const Setting& setting) {
  try {
    fields.set(setting.name, setting.value);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", setting.origin, error.what()));
  }
}

// Bounds are checked here too: an unknown preset must not reach the domain.
std::string chosen_preset(const std::vector<Setting>& settings) {
  RunOptions run;
  const base::Fields fields = base::fields_of(run);
  for (const Setting& setting : settings) {
    if (setting.name == "preset") apply(fields, setting);
  }
  return run.preset;
}

// A flag of one domain's own, such as --train, given with another.
void check_flags(const Domain& domain, const std::vector<Setting>& settings) {
  for (const Domain& other : domains()) {
    if (other.name == domain.name) continue;
    for (const DomainFlag& own : other.flags) {
      for (const Setting& setting : settings) {
        if (setting.origin != own.flag) continue;
        throw UsageError(fmt::format("{} is an option of the domain {}, not of {}", own.flag, other.name, domain.name));
      }
    }
  }
}

}  // namespace

OptionSet resolve(const Domain& domain, const std::vector<Setting>& settings) {
  check_flags(domain, settings);
  OptionSet options = domain.options(chosen_preset(settings));
  for (const Setting& setting : settings) apply(options.fields(), setting);
  options.check();
  return options;
}

}  // namespace fathom::app
