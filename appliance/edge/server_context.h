// server_context: the TLS settings of the listening side. TLS 1.2 and 1.3, ALPN http/1.1 only,
// stateless session tickets, client certificates asked for but not demanded, and buffers given back
// while a connection is idle. Thread: any. Owns: nothing; a context is shared and immutable once
// made.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "engine/base/status.h"

struct ssl_ctx_st;

namespace appliance {

// Encrypt session tickets. The same keys in the contexts before and after a renewal let clients
// resume across it.
using TicketKeys = std::array<unsigned char, 80>;

struct ServerContext {
  std::string certificate_pem;  // leaf first
  std::string key_pem;
  std::string client_ca_pem;  // none: client certificates are not asked for
  TicketKeys ticket_keys{};
};

engine::Result<std::shared_ptr<ssl_ctx_st>> make_server_context(const ServerContext& from);

}  // namespace appliance
