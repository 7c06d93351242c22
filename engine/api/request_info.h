// RequestInfo: what a request's path and method say: which resource, verb, namespace and name, or
// that it is about no resource at all. Authorization, metrics and the verbs all read this one.
// Thread: a value. Owns: its strings. Source: k8s.io/apiserver
// pkg/endpoints/request/requestinfo.go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/access/authz.h"
#include "engine/base/http.h"

namespace engine {

struct RequestInfo {
  bool is_resource = false;
  std::string path;
  std::string verb;        // get list watch create update patch delete deletecollection; for others
                           // the method in lower case
  std::string api_prefix;  // api or apis
  std::string group;       // "" for core
  std::string version;
  std::string ns;
  std::string resource;  // plural
  std::string subresource;
  std::string name;
  std::vector<std::string> parts;  // resource[/name[/subresource[/...]]]

  static Result<RequestInfo> parse(const Request& request);
  Attributes attributes() const;
  bool is_long_running() const { return verb == "watch" || verb == "proxy"; }
};

// How flags in queries are read: absent, "false" (whatever the case) and "0" are false; anything
// else, the empty text too, is true.
bool query_flag(const Query& query, std::string_view name);

}  // namespace engine
