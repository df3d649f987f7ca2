// Work that may break off in a process of its own, so that what breaks is not the program: a C library that reads
// beyond its buffers when a file is damaged.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace fathom::io {

// The bytes that `produce` returns, made in a forked process that ends with them. `produce` must not start threads,
// wait for those of this process or print. Throws Error: that which `produce` threw; "[place] subject: ..." where the
// process broke off, could not be started, or returned more than `limit` bytes.
std::string from_own_process(std::string_view place, std::string_view subject, std::uint64_t limit,
                             const std::function<std::string()>& produce);

}  // namespace fathom::io
