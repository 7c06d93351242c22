// Discovery: the kinds of one cluster, from its aggregated discovery, or from the older one group
// at a time. Thread: the one thread. Owns: the kinds.
#pragma once

#include <string>
#include <vector>

#include "web/client/api.h"

namespace web {

struct ApiKind {
  std::string group, version, plural, kind, singular;
  bool namespaced = false;
  bool can_list = false, can_watch = false, can_delete = false, can_create = false,
       can_update = false;
  // /api/v1 or /apis/GROUP/VERSION
  std::string prefix() const {
    return group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  }
  std::string list_path(std::string_view ns) const;
  std::string object_path(std::string_view ns, std::string_view name) const;
};

class Discovery {
 public:
  Discovery(Api& api, std::string base) : api_(api), base_(std::move(base)) {}
  void load();
  bool loaded() const { return loaded_; }
  const std::string& error() const { return error_; }
  const std::vector<ApiKind>& kinds() const { return kinds_; }
  const ApiKind* find(std::string_view group, std::string_view plural) const;
  const ApiKind* find_kind(std::string_view api_version, std::string_view kind) const;

 private:
  void take_aggregated(const Json& list);
  void take_groups(const Json& list);
  void take_resources(const Json& list, const std::string& group, const std::string& version);
  void finish();
  Api& api_;
  std::string base_;
  std::vector<ApiKind> kinds_;
  int waiting_ = 0;
  bool loaded_ = false, started_ = false;
  std::string error_;
};

}  // namespace web
