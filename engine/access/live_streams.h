// LiveStreams: what is open on the strength of a token: watches, subscriptions, proxied
// connections, shells. When the token is withdrawn or ends, or its user is deactivated or removed,
// its streams end within the same moment, not when their client next asks. Thread: any. Owns: a
// word of each open stream (the hub owns the stream), its subscriptions.
#pragma once

#include <memory>

#include "engine/base/http.h"
#include "engine/watch/watch_cache.h"

namespace engine {

class LiveStreams {
 public:
  LiveStreams(Dispatcher& dispatcher, KindSet& kinds);
  ~LiveStreams();  // streams that are still open go on without a guard
  LiveStreams(const LiveStreams&) = delete;
  LiveStreams& operator=(const LiveStreams&) = delete;

  // Follows tokens and users from now on.
  Result<Unit> start();
  // The same stream, which ends with the token that `user` came by. What came without a token of
  // ours (a certificate, a service account) is given back as it is.
  Stream guard(const User& user, Stream stream);
  // The same for whatever an answer turns out to be.
  Answer guard(const User& user, Answer answer);
  size_t open() const;

 private:
  struct Table;
  void follow_tokens(const WatchEvent& event);
  void follow_users(const WatchEvent& event);
  bool good(const User& user) const;

  Dispatcher& dispatcher_;
  KindSet& kinds_;
  std::shared_ptr<Table> table_;
  std::unique_ptr<Dispatcher::Subscription> tokens_, users_;
};

}  // namespace engine
