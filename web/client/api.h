// Api: JSON over the Backend: the CSRF header, errors as Status in the words of either surface, and
// whether the server answers at all. Thread: the one thread. Owns: nothing that outlives its
// requests.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "web/platform/backend.h"

namespace web {

using engine::Json;
using engine::Result;
using engine::Status;

class Api {
 public:
  using Done = std::function<void(Result<Json>)>;
  explicit Api(Backend& backend) : backend_(backend) {}

  RequestId get(std::string url, Done done, std::string accept = "application/json");
  RequestId send(std::string method, std::string url, const Json& body, Done done,
                 std::string content_type = "application/json");
  RequestId send_text(std::string method, std::string url, std::string body,
                      std::string content_type, Done done);
  // The body in pieces; `done` tells how it ended (an empty string: by the server, in order).
  RequestId stream(std::string url, std::function<void(std::string_view)> chunk,
                   std::function<void(Status*)> done);
  void cancel(RequestId& id);

  bool online() const { return failed_since_ == 0; }
  double failed_since() const {
    return failed_since_;
  }  // now_ms of the first failure, 0 when all is well
  int64_t last_good_wall() const { return last_good_wall_; }
  void note(bool reached);
  std::function<void()> on_unauthorized;
  Backend& backend() { return backend_; }

 private:
  RequestId start(HttpRequest request, Done done);
  Backend& backend_;
  double failed_since_ = 0;
  int64_t last_good_wall_ = 0;
};

// What an answer that is no success says: a Kubernetes Status, a Norman error, or plain words.
Status status_of(const HttpAnswer& answer);
std::string url_escape(std::string_view part);
std::string url_unescape(std::string_view part);

}  // namespace web
