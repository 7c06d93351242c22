// ServerFacts: what agents must be told of this server: its address, what they pin, which image
// they run. Asked each time, for settings change while we run.
// Thread: any; the functions are given by the process. Owns: the functions.
#pragma once

#include <functional>
#include <string>

namespace engine {

struct ServerFacts {
  std::function<std::string()> url;          // https://host[:port]; empty when nobody set it
  std::function<std::string()> ca_checksum;  // SHA-256 of /cacerts' bytes; empty: a public CA
  std::function<std::string()> agent_image;
};

}  // namespace engine
