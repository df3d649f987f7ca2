#include "fathom/io/oniguruma.h"

#include <dlfcn.h>

#include "fathom/base/error.h"

namespace fathom::io {
namespace {

constexpr const char* kLibrary = "libonig.so.5";  // the ABI of oniguruma.h
constexpr unsigned kParseDepth = 250;             // of groups in groups; the parser is recursive

template <class Pointer>
void find(void* library, const char* name, Pointer& to) {
  to = reinterpret_cast<Pointer>(::dlsym(library, name));
  if (to == nullptr) base::fail("io::oniguruma", "{} has no {}; install Oniguruma 6.9.5 or later", kLibrary, name);
}

Oniguruma load() {
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) base::fail("io::oniguruma", "{}; install it (Debian: libonig5)", ::dlerror());
  Oniguruma onig{};
  find(library, "onig_initialize", onig.initialize);
  find(library, "onig_set_parse_depth_limit", onig.set_parse_depth_limit);
  find(library, "onig_error_code_to_str", onig.error_code_to_str);
  find(library, "onig_new", onig.make);
  find(library, "onig_free", onig.free);
  find(library, "onig_search_with_param", onig.search_with_param);
  find(library, "onig_region_new", onig.region_new);
  find(library, "onig_region_free", onig.region_free);
  find(library, "onig_new_match_param", onig.new_match_param);
  find(library, "onig_free_match_param", onig.free_match_param);
  find(library, "onig_initialize_match_param", onig.initialize_match_param);
  find(library, "onig_set_match_stack_limit_size_of_match_param", onig.set_match_stack_limit);
  find(library, "onig_set_retry_limit_in_match_of_match_param", onig.set_retry_limit_in_match);
  find(library, "onig_set_retry_limit_in_search_of_match_param", onig.set_retry_limit_in_search);
  find(library, "OnigEncodingUTF8", onig.utf8);
  find(library, "OnigSyntaxRuby", onig.ruby);
  OnigEncoding encodings[] = {onig.utf8};
  onig.initialize(encodings, 1);
  onig.set_parse_depth_limit(kParseDepth);
  return onig;
}

}  // namespace

const Oniguruma& oniguruma() {
  static const Oniguruma onig = load();
  return onig;
}

}  // namespace fathom::io
