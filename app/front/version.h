#pragma once

#include <string>

namespace fathom::app {

std::string version();       // "0.1.0"
std::string git_revision();  // "8112027", "8112027-dirty", "unknown" outside a repository
std::string version_line();  // "fathom 0.1.0 (8112027)"

}  // namespace fathom::app
