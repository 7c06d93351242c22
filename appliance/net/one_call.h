// one_call: one HTTPS request of a command-line program, waited for: the whole answer in memory,
// bounded in size and time. Trust is the system's CAs, a CA given as PEM, or the server's own CA
// once it has the checksum that the user was told. Thread: any but the hub's. Owns: its connection.
#pragma once

#include <string>

#include "appliance/edge/stream_hub.h"
#include "engine/base/http.h"

namespace appliance {

struct CallServer {
  std::string url;          // https://host[:port][/base]
  std::string ca_pem;       // empty: the system's CAs, or by the checksum
  std::string ca_checksum;  // SHA-256 of what /cacerts serves, in hex
};

struct OneCall {
  std::string method = "GET";
  std::string path = "/";
  std::string body = {};
  std::string bearer = {};
  storage::Millis timeout{30'000};
};

// Fills ca_pem by the checksum, where there is one; an error when the server's CA is another.
engine::Result<engine::Unit> learn_ca(storage::Env& env, StreamHub& hub, CallServer& server);
engine::Result<engine::Response> one_call(storage::Env& env, StreamHub& hub,
                                          const CallServer& server, OneCall call);

}  // namespace appliance
