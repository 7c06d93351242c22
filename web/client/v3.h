// V3: collections of the management API, loaded when first asked for and kept true by one
// /v3/subscribe WebSocket. After a break the socket is opened again with growing pauses, and every
// collection is read anew. Thread: the one thread. Owns: the cached objects and the socket.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "web/client/api.h"

namespace web {

struct Collection {
  std::string type;  // "cluster"
  std::string path;  // "/v3/clusters"
  bool loaded = false;
  bool loading = false;
  std::string error;
  std::map<std::string, Json, std::less<>> items;  // by id
  int64_t updated_wall = 0;
  uint64_t version = 0;  // counts changes
  const Json* find(std::string_view id) const {
    const auto it = items.find(id);
    return it == items.end() ? nullptr : &it->second;
  }
};

class V3 {
 public:
  explicit V3(Api& api) : api_(api) {}
  // plural path under /v3, with one filter if wanted: "/v3/nodes?clusterId=c-1" holds what has that
  // field, also of what is told later.
  Collection& collection(const std::string& type, const std::string& path);
  void reload(Collection& c);
  void connect();
  void tick(double now);  // reconnects when it is time
  bool live() const { return live_; }
  bool ever_live() const { return ever_live_; }
  double retry_at() const { return retry_at_; }
  void retry_now() { retry_at_ = 0; }
  double broken_since() const { return broken_since_; }
  void put(Collection& c, Json object);

 private:
  void on_message(std::string_view text);
  void reload_all();
  Api& api_;
  std::map<std::string, std::unique_ptr<Collection>> collections_;  // by path
  RequestId socket_ = 0;
  bool live_ = false, ever_live_ = false;
  double retry_at_ = -1, broken_since_ = 0, pause_ = 0;
};

}  // namespace web
