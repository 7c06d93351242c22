// ApiWorld: the Kubernetes API over a MemoryStore, asked as a client asks it, without sockets.
// Thread: the test's. Owns: all of it.
#pragma once

#include <condition_variable>
#include <mutex>

#include "engine/access/escalation.h"
#include "engine/access/service_account.h"
#include "engine/api/api.h"
#include "engine/api/impersonate.h"
#include "engine/api/status_writer.h"
#include "storage/memory/memory_store.h"
#include "tests/support/thread_env.h"

namespace tests {

// What a stream sent, with its chunks taken apart.
class HeardStream final : public engine::StreamSink {
 public:
  bool send(std::shared_ptr<const std::string> bytes) override {
    std::lock_guard lock(mutex_);
    if (!open_) return false;
    raw_ += *bytes;
    changed_.notify_all();
    return true;
  }
  size_t queued_bytes() const override { return 0; }
  void pause_reading() override {}
  void resume_reading() override {}
  void finish() override { end(); }
  void release() override { end(); }
  void abort() override { end(); }

  // The lines so far, once there are so many (or the stream has ended).
  std::vector<engine::Json> events(size_t count) {
    std::unique_lock lock(mutex_);
    auto lines = [&] { return std::count(raw_.begin(), raw_.end(), '\n'); };
    changed_.wait_for(lock, std::chrono::seconds(5),
                      [&] { return !open_ || read().size() >= count; });
    (void)lines;
    return read();
  }
  bool ended() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return !open_; });
  }
  std::string raw() {
    std::lock_guard lock(mutex_);
    return raw_;
  }

 private:
  void end() {
    std::lock_guard lock(mutex_);
    open_ = false;
    changed_.notify_all();
  }
  std::vector<engine::Json> read() const {
    std::vector<engine::Json> out;
    std::string text;
    for (size_t at = 0; at < raw_.size();) {
      auto line = raw_.find("\r\n", at);
      if (line == std::string::npos) break;
      auto size = std::stoul(raw_.substr(at, line - at), nullptr, 16);
      text += raw_.substr(line + 2, size);
      at = line + 2 + size + 2;
    }
    for (size_t at = 0; at < text.size();) {
      auto end = text.find('\n', at);
      if (end == std::string::npos) break;
      out.push_back(MUST(engine::parse_json(text.substr(at, end - at))));
      at = end + 1;
    }
    return out;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string raw_;
  bool open_ = true;
};

struct Asked {
  std::string method = "GET";
  std::string target;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

class ApiWorld {
 public:
  ApiWorld() {
    MUST(dispatcher.start());
    issuer = MUST(engine::TokenIssuer::open(env, MUST(engine::TokenIssuer::new_key_pem()),
                                            "https://kubernetes.default.svc"));
    std::vector<std::unique_ptr<engine::Admission>> admission;
    admission.push_back(std::make_unique<engine::EscalationCheck>(*authorizer, dispatcher, *kinds));
    registry =
        std::make_unique<engine::Registry>(env, store, *kinds, strategies, std::move(admission));
    chain.add(
        std::make_unique<engine::ServiceAccountAuthenticator>(*issuer, dispatcher, *kinds, env));
    api = std::make_unique<engine::Api>(
        engine::Api::Needs{env, *registry, dispatcher, *kinds, *authorizer, chain, issuer.get()});
    user.name = "admin";
    user.groups = {"system:masters", "system:authenticated"};
  }
  ~ApiWorld() { dispatcher.stop(); }

  engine::Request request(const Asked& asked) {
    engine::Request out;
    out.method = asked.method;
    out.target = asked.target;
    auto question = asked.target.find('?');
    out.path = asked.target.substr(0, question);
    if (question != std::string::npos) out.raw_query = asked.target.substr(question + 1);
    out.query = engine::Query::parse(out.raw_query);
    out.body = asked.body;
    for (const auto& [name, value] : asked.headers) out.headers.add(name, value);
    out.user = user;
    return out;
  }
  engine::Answer serve(const Asked& asked) {
    auto asking = request(asked);
    auto info = engine::RequestInfo::parse(asking);
    if (!info) return engine::status_response(asking, info.error());
    auto attributes = info->attributes();
    auto decision = authorizer->authorize(asking.user, attributes);
    if (!decision.allowed)
      return engine::status_response(asking,
                                     engine::forbidden_by(asking.user, attributes, decision));
    return api->serve(asking, *info);
  }
  engine::Response call(const Asked& asked) {
    auto answer = serve(asked);
    return std::get<engine::Response>(std::move(answer));
  }
  engine::Json json(const Asked& asked) { return MUST(engine::parse_json(call(asked).body)); }
  // A watch that has been opened.
  std::shared_ptr<HeardStream> watch(
      const std::string& target, std::vector<std::pair<std::string, std::string>> headers = {}) {
    auto answer = serve({.target = target, .headers = std::move(headers)});
    auto* stream = std::get_if<engine::Stream>(&answer);
    if (!stream) return nullptr;
    auto sink = std::make_shared<HeardStream>();
    handlers.push_back(std::move(stream->handler));
    handlers.back()->on_open(sink);
    return sink;
  }

  ThreadEnv env;
  storage::MemoryStore store{env};
  std::unique_ptr<engine::KindSet> kinds = engine::KindSet::builtin();
  engine::StrategySet strategies;
  engine::Dispatcher dispatcher{env, store, *kinds};
  std::unique_ptr<engine::Authorizer> authorizer = engine::make_rbac(env, dispatcher, *kinds);
  engine::AuthenticatorChain chain;
  std::unique_ptr<engine::TokenIssuer> issuer;
  std::unique_ptr<engine::Registry> registry;
  std::unique_ptr<engine::Api> api;
  engine::User user;
  std::vector<std::unique_ptr<engine::StreamHandler>> handlers;
};

}  // namespace tests
