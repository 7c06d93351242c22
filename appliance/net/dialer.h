// Dialer: opens a byte connection to host:port. TcpDialer does it over the hub (with name lookup
// off the hub's threads, and proxies from the environment), TlsDialer puts TLS on top of what
// another dialer opened (TCP, or a stream inside a tunnel), the tunnel's rooms make dialers of
// their own. What comes out is always the same: a ConnectionHandler that is called from one hub
// thread, and a StreamSink. Thread: any. Owns: what each says.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "appliance/edge/stream_hub.h"
#include "engine/base/limits.h"
#include "engine/base/status.h"
#include "storage/base/env.h"

namespace appliance {

struct Endpoint {
  std::string host;  // a name or a numeric address
  uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

class Dialer {
 public:
  virtual ~Dialer() = default;
  // Never calls the handler before it returns. Either on_open(sink) comes, or on_error(why) and
  // on_closed().
  virtual void dial(const Endpoint& to, std::unique_ptr<ConnectionHandler> handler,
                    storage::Instant deadline) = 0;
};

// HTTPS_PROXY, HTTP_PROXY and NO_PROXY (either case) as given; an empty one means straight.
struct ProxySettings {
  std::string https_proxy;  // http://[user:password@]host:port, used with CONNECT
  std::string http_proxy;
  std::string no_proxy;  // names, .suffixes, addresses, CIDRs, "*"
  static ProxySettings from_environment();
  // The proxy for this destination, or empty.
  const std::string& for_host(const std::string& host, const std::string& scheme) const;
};

// DNS answers wait on a small pool of their own (the machine's resolver blocks): hub threads never
// do.
class TcpDialer final : public Dialer {
 public:
  TcpDialer(storage::Env& env, StreamHub& hub, ProxySettings proxy,
            engine::StreamOptions options = {});
  ~TcpDialer() override;
  // Through a proxy with CONNECT where the settings say so for https (a tunnel to host:port), else
  // straight.
  void dial(const Endpoint& to, std::unique_ptr<ConnectionHandler> handler,
            storage::Instant deadline) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// The reason of the Status when the other side's certificate is not to be trusted.
inline constexpr std::string_view kUntrustedCertificate = "UntrustedCertificate";

struct TlsClient {
  std::string server_name;      // for SNI and the name check; empty: the endpoint's host
  std::string ca_pem;           // trusted CAs; empty: the system's
  std::string certificate_pem;  // our own, optional, with key_pem
  std::string key_pem;
  bool insecure = false;  // no verification at all (a kubeconfig may ask for it)
  // Looks at the other side's chain (leaf first, each in PEM) after, or with `insecure` instead of,
  // the usual check; an error refuses it. This is where an agent pins its server's CA by checksum.
  std::function<engine::Result<engine::Unit>(const std::vector<std::string>& chain_pem)> verify;
};

// TLS 1.2 or 1.3 with ALPN http/1.1 on top of another dialer, through memory BIOs. `hub` (for the
// handshake's deadline) and `below` must outlive it.
class TlsDialer final : public Dialer {
 public:
  static engine::Result<std::unique_ptr<TlsDialer>> create(StreamHub& hub, Dialer& below,
                                                           TlsClient options);
  ~TlsDialer() override;
  void dial(const Endpoint& to, std::unique_ptr<ConnectionHandler> handler,
            storage::Instant deadline) override;

 private:
  class Impl;
  explicit TlsDialer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace appliance
