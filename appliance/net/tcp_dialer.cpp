#include <algorithm>
#include <atomic>
#include <mutex>

#include "appliance/edge/http_text.h"
#include "appliance/net/dialer.h"
#include "appliance/net/http_response.h"
#include "appliance/net/name_lookup.h"
#include "engine/base/base64.h"

namespace appliance {
namespace {

using engine::Status;
using storage::Instant;
using storage::Millis;

// One address gets this long while there are others to try.
constexpr auto kAttemptTime = Millis(3'000);

std::string authority(const Endpoint& to) {
  bool six = to.host.find(':') != std::string::npos;
  return (six ? "[" + to.host + "]" : to.host) + ":" + std::to_string(to.port);
}

struct Proxy {
  Endpoint at;
  std::string authorization;
};

engine::Result<Proxy> parse_proxy(const std::string& url) {
  std::string_view rest = url;
  size_t scheme = rest.find("://");
  if (scheme != std::string_view::npos) {
    if (!http_text::same(rest.substr(0, scheme), "http"))
      return Status::bad_request("the proxy in HTTPS_PROXY must be an http:// URL");
    rest.remove_prefix(scheme + 3);
  }
  rest = rest.substr(0, rest.find('/'));
  Proxy out;
  size_t user = rest.rfind('@');
  if (user != std::string_view::npos) {
    out.authorization = "Basic " + engine::base64_encode(rest.substr(0, user));
    rest.remove_prefix(user + 1);
  }
  size_t colon = rest.rfind(':');
  unsigned port = colon == std::string_view::npos ? 80 : 0;
  if (colon != std::string_view::npos) {
    for (char c : rest.substr(colon + 1)) {
      if (c < '0' || c > '9' || port > 65535)
        return Status::bad_request("the proxy in HTTPS_PROXY has no valid port");
      port = port * 10 + static_cast<unsigned>(c - '0');
    }
    rest = rest.substr(0, colon);
  }
  if (rest.size() > 2 && rest.front() == '[' && rest.back() == ']')
    rest = rest.substr(1, rest.size() - 2);
  if (rest.empty() || port == 0 || port > 65535)
    return Status::bad_request("HTTPS_PROXY is not the URL of a proxy");
  out.at = {std::string(rest), static_cast<uint16_t>(port)};
  return out;
}

// Between a proxy and the real handler: asks for a tunnel, and steps aside when there is one.
class ProxyTunnel final : public ConnectionHandler, ResponseParser::Events {
 public:
  ProxyTunnel(StreamHub& hub, Endpoint to, Proxy proxy, std::unique_ptr<ConnectionHandler> user,
              Millis time)
      : hub_(hub),
        to_(std::move(to)),
        proxy_(std::move(proxy)),
        user_(std::move(user)),
        time_(time) {}

  void on_open(std::shared_ptr<engine::StreamSink> sink) override {
    sink_ = std::move(sink);
    timer_ = hub_.after(time_, [weak = std::weak_ptr(sink_)] {
      if (auto late = weak.lock()) late->abort();
    });
    std::string host = authority(to_);
    std::string ask = "CONNECT " + host + " HTTP/1.1\r\nHost: " + host + "\r\n";
    if (!proxy_.authorization.empty())
      ask += "Proxy-Authorization: " + proxy_.authorization + "\r\n";
    ask += "\r\n";
    sink_->send(std::make_shared<const std::string>(std::move(ask)));
  }
  void on_bytes(std::string_view bytes) override {
    if (through_) return user_->on_bytes(bytes);
    if (failed_) return;
    auto used = parser_.feed(bytes, *this);
    if (!used) return fail(used.error());
    if (!parser_.done()) return;
    if (status_ < 200 || status_ > 299) {
      return fail(Status::service_unavailable("the proxy " + authority(proxy_.at) +
                                              " does not connect to " + authority(to_) +
                                              ": it answered " + std::to_string(status_)));
    }
    through_ = true;
    hub_.cancel(timer_);
    user_->on_open(std::move(sink_));
    if (*used < bytes.size()) user_->on_bytes(bytes.substr(*used));
  }
  void on_drained() override {
    if (through_) user_->on_drained();
  }
  void on_client_end() override {
    if (through_) user_->on_client_end();
  }
  void on_error(const Status& why) override {
    failed_ = true;
    user_->on_error(why);
  }
  void on_closed() override {
    hub_.cancel(timer_);
    if (!through_ && !failed_) {
      user_->on_error(Status::service_unavailable("the proxy " + authority(proxy_.at) +
                                                  " closed the connection before " +
                                                  authority(to_) + " was reached"));
    }
    user_->on_closed();
  }

 private:
  void on_head(engine::Response head) override { status_ = head.status; }
  void on_body(std::string_view) override {}
  void fail(const Status& why) {
    failed_ = true;
    user_->on_error(why);
    sink_->abort();
  }

  StreamHub& hub_;
  Endpoint to_;
  Proxy proxy_;
  std::unique_ptr<ConnectionHandler> user_;
  Millis time_;
  TimerId timer_ = 0;
  std::shared_ptr<engine::StreamSink> sink_;
  ResponseParser parser_{
      "HEAD"};  // as after HEAD, nothing follows the answer's head but the tunnel
  int status_ = 0;
  bool through_ = false;
  bool failed_ = false;
};

}  // namespace

class TcpDialer::Impl : public std::enable_shared_from_this<TcpDialer::Impl> {
 public:
  Impl(storage::Env& env, StreamHub& hub, ProxySettings proxy, engine::StreamOptions options)
      : env_(env),
        hub_(hub),
        proxy_(std::move(proxy)),
        options_(std::move(options)),
        lookup_(std::make_unique<NameLookup>(env)) {}

  // On the owner's thread, so that a lookup's thread never waits for itself.
  void stop() { lookup_.reset(); }

  void dial(const Endpoint& to, std::unique_ptr<ConnectionHandler> handler, Instant deadline) {
    const std::string& proxy = proxy_.for_host(to.host, "https");
    if (proxy.empty()) return straight(to, std::move(handler), deadline);
    auto parsed = parse_proxy(proxy);
    if (!parsed) return fail(std::move(handler), parsed.error());
    Endpoint at = parsed->at;
    Millis time = std::max(Millis(1), std::chrono::duration_cast<Millis>(deadline - env_.now()));
    auto tunnel =
        std::make_unique<ProxyTunnel>(hub_, to, std::move(*parsed), std::move(handler), time);
    straight(at, std::move(tunnel), deadline);
  }

 private:
  struct Way {
    std::vector<std::string> addresses;
    size_t next = 0;
    uint16_t port = 0;
    Instant deadline;
    std::unique_ptr<ConnectionHandler> user;
  };

  // One address being tried; once open, it only passes calls on.
  class Attempt final : public ConnectionHandler {
   public:
    Attempt(std::shared_ptr<Impl> dialer, Way way)
        : dialer_(std::move(dialer)), way_(std::move(way)) {}
    void on_open(std::shared_ptr<engine::StreamSink> sink) override {
      open_ = true;
      dialer_.reset();
      way_.user->on_open(std::move(sink));
    }
    void on_bytes(std::string_view bytes) override { way_.user->on_bytes(bytes); }
    void on_drained() override { way_.user->on_drained(); }
    void on_client_end() override { way_.user->on_client_end(); }
    void on_error(const Status& why) override {
      if (open_) return way_.user->on_error(why);
      why_ = why;
    }
    void on_closed() override {
      if (open_) return way_.user->on_closed();
      if (way_.next < way_.addresses.size() && dialer_->env_.now() < way_.deadline)
        return dialer_->attempt(std::move(way_));
      way_.user->on_error(
          why_.value_or(Status::service_unavailable("the connection was given up")));
      way_.user->on_closed();
    }

   private:
    std::shared_ptr<Impl> dialer_;
    Way way_;
    std::optional<Status> why_;
    bool open_ = false;
  };

  void straight(const Endpoint& to, std::unique_ptr<ConnectionHandler> handler, Instant deadline) {
    // std::function wants to copy what it holds.
    auto held = std::make_shared<std::unique_ptr<ConnectionHandler>>(std::move(handler));
    lookup_->find(to.host, [this, held, port = to.port,
                            deadline](engine::Result<std::vector<std::string>> found) {
      if (!found) return fail(std::move(*held), found.error());
      attempt({std::move(*found), 0, port, deadline, std::move(*held)});
    });
  }

  void attempt(Way way) {
    SocketAddress to{way.addresses[way.next++], way.port};
    Instant deadline = way.deadline;
    if (way.next < way.addresses.size()) deadline = std::min(deadline, env_.now() + kAttemptTime);
    hub_.connect(std::move(to), std::make_unique<Attempt>(shared_from_this(), std::move(way)),
                 options_, deadline);
  }

  void fail(std::unique_ptr<ConnectionHandler> handler, Status why) {
    auto held = std::make_shared<std::unique_ptr<ConnectionHandler>>(std::move(handler));
    hub_.post([held, why] {
      (*held)->on_error(why);
      (*held)->on_closed();
    });
  }

  storage::Env& env_;
  StreamHub& hub_;
  const ProxySettings proxy_;
  const engine::StreamOptions options_;
  std::unique_ptr<NameLookup> lookup_;
};

TcpDialer::TcpDialer(storage::Env& env, StreamHub& hub, ProxySettings proxy,
                     engine::StreamOptions options)
    : impl_(std::make_shared<Impl>(env, hub, std::move(proxy), std::move(options))) {}
TcpDialer::~TcpDialer() {
  impl_->stop();
}

void TcpDialer::dial(const Endpoint& to, std::unique_ptr<ConnectionHandler> handler,
                     Instant deadline) {
  impl_->dial(to, std::move(handler), deadline);
}

}  // namespace appliance
