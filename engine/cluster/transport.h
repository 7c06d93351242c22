// Transport: one way to a cluster's API, for our own calls (controllers, DownstreamClient). It is
// asynchronous: a call names its deadline and the largest answer it takes; the result comes later
// on another thread. The way may be a tunnel, a direct connection or a test's.
// Thread: any. Owns: nothing said here. Errors: 503 when there is no way now, 504 at the deadline,
// 502 for an answer that breaks the rules; a Status answer of the cluster is a Response, not an
// error.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/http.h"
#include "engine/base/status.h"
#include "storage/base/env.h"

namespace engine {

struct ClusterCall {
  std::string method = "GET";
  std::string target;  // /api/v1/nodes?limit=500
  Headers headers;     // Accept and Content-Type; identity is the transport's
  std::string body;
  storage::Millis timeout{10'000};  // the whole call
  size_t answer_bytes_max = 32u << 20;
  // Where set, the body of a 2xx answer is given here piece by piece as it comes and is not kept: a
  // watch. One call at a time, all of them before `done`; must not block.
  std::function<void(std::string_view)> on_body = {};
};

class Transport {
 public:
  using Done = std::function<void(Result<Response>)>;
  virtual ~Transport() = default;
  // `done` is called once, from any thread, never before call() has returned.
  virtual void call(ClusterCall call, Done done) = 0;
};

class ClusterTransports {
 public:
  virtual ~ClusterTransports() = default;
  // Null when there is no way to this cluster now.
  virtual std::shared_ptr<Transport> transport(std::string_view cluster_id) = 0;
};

// The Status that an answer of 400 and above carries; a plain text becomes its message.
Status status_of(const Response& answer);

}  // namespace engine
