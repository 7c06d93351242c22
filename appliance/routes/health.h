// Health: /healthz, /livez and /readyz, with ?verbose, ?exclude=NAME and a path for each check, as
// kube-apiserver has them. Thread: any. Owns: its list of checks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/http.h"

namespace appliance {

class Health {
 public:
  // What is wrong; none: nothing. It is logged, not told to the client.
  using Check = std::function<std::optional<std::string>()>;
  enum class Kind : uint8_t { live, ready };  // a ready check is not part of /livez

  // REQUIRES: added before requests are served. Names are words with dashes.
  void add(std::string name, Kind kind, Check check);
  static bool is_path(std::string_view path);
  engine::Response answer(const engine::Request& request) const;

 private:
  struct Named {
    std::string name;
    Kind kind;
    Check check;
  };
  std::vector<Named> checks_;
};

}  // namespace appliance
