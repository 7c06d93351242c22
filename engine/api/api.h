// Api: /api and /apis: from a request that has been let in to the verb that answers it. What lies
// before (who asks, whether they may) is the filters' business in appliance/routes. Thread: any.
// Owns: the timers and frames of its watches.
#pragma once

#include "engine/api/call.h"
#include "engine/api/frames.h"
#include "engine/api/watch_timers.h"

namespace engine {

class Api {
 public:
  struct Needs {
    storage::Env& env;
    Registry& registry;
    Dispatcher& dispatcher;
    KindSet& kinds;
    Authorizer& authorizer;
    const AuthenticatorChain& authenticators;
    const TokenIssuer* issuer = nullptr;
  };
  explicit Api(const Needs& needs);

  // REQUIRES: info.is_resource, and that the request's user is known and allowed. With a keeper of
  // request and info the answer of a write is Pending: no thread waits for its commit.
  Answer serve(const Request& request, const RequestInfo& info,
               std::shared_ptr<const void> keeper = nullptr);

 private:
  WatchTimers timers_;
  FrameCache frames_;
  ApiParts parts_;
};

}  // namespace engine
