// What `fathom serve` can be told. Shared by the front, which parses it, and the engine.
#pragma once

#include <cstdint>
#include <string>

#include "app/language_model_options.h"

namespace fathom::app {

struct ServeOptions {
  ServeOptions() { language.prefill_chunk = 256; }

  LanguageModelOptions language;
  std::string host = "127.0.0.1";
  std::int64_t port = 8080;
  std::string api_key;
  std::string name;
  std::int64_t max_body = 1 << 20;
  std::int64_t max_tokens = 512;
  std::int64_t max_steps = 128;
  std::int64_t max_batch = 64;
  std::int64_t queue = 256;
  double cache_memory = 8;
  double timeout = 300;
  double grace = 10;
  std::int64_t connections = 128;

  void fields(base::Fields& f) {
    language.fields(f);
    f.add("host", host, "address to listen on; 0.0.0.0: every one of this machine");
    f.add("port", port, {.at_least = 0, .at_most = 65535}, "port to listen on; 0: any that is free, printed");
    f.add("api-key", api_key,
          "what requests must bring as Bearer; FATHOM_API_KEY unless given, none when both are empty");
    f.add("name", name, "the model's name in answers; the folder's unless given");
    f.add("max-body", max_body, {.at_least = 1024, .at_most = 1 << 30}, "bytes of a request's body");
    f.add("max-tokens", max_tokens, {.at_least = 1}, "new tokens that a request may ask for");
    f.add("max-steps", max_steps, {.at_least = 1, .at_most = 1024}, "recurrences that a request may ask for");
    f.add("max-batch", max_batch, {.at_least = 1, .at_most = 4096}, "requests that run at a time");
    f.add("queue", queue, {.at_least = 1, .at_most = 1 << 20}, "requests that wait beside them; one more gets 429");
    f.add("cache-memory", cache_memory, {.above = 0}, "GB of keys and values of the requests that run");
    f.add("timeout", timeout, {.above = 0, .at_most = 86400}, "seconds from a request to the end of its answer");
    f.add("grace", grace, {.at_least = 0, .at_most = 3600}, "seconds that running requests have on shutdown");
    f.add("connections", connections, {.at_least = 1, .at_most = 4096}, "clients that are served at a time");
  }
};

}  // namespace fathom::app
