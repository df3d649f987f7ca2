// Oniguruma, loaded at its first use and for this room alone. Its library also defines regcomp() and regexec() of
// POSIX, on a regex_t of its own: linked like others, it would put them in the place of libc's in every program that
// has this room in it. GoogleTest and Google Benchmark call them.
#pragma once

#include <oniguruma.h>

namespace fathom::io {

struct Oniguruma {
  decltype(&onig_initialize) initialize;
  decltype(&onig_set_parse_depth_limit) set_parse_depth_limit;
  decltype(&onig_error_code_to_str) error_code_to_str;
  decltype(&onig_new) make;
  decltype(&onig_free) free;
  decltype(&onig_search_with_param) search_with_param;
  decltype(&onig_region_new) region_new;
  decltype(&onig_region_free) region_free;
  decltype(&onig_new_match_param) new_match_param;
  decltype(&onig_free_match_param) free_match_param;
  decltype(&onig_initialize_match_param) initialize_match_param;
  decltype(&onig_set_match_stack_limit_size_of_match_param) set_match_stack_limit;
  decltype(&onig_set_retry_limit_in_match_of_match_param) set_retry_limit_in_match;
  decltype(&onig_set_retry_limit_in_search_of_match_param) set_retry_limit_in_search;
  OnigEncodingType* utf8;
  OnigSyntaxType* ruby;
};

// Initialised; safe to call from any thread. Errors (fathom::Error): the library is not installed, or too old.
const Oniguruma& oniguruma();

}  // namespace fathom::io
