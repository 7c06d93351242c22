// ProjectScope: what /v3/project/C:P may touch: the project's own namespace, P, and in this
// server's cluster the namespaces that say by annotation that they are the project's. Thread: one
// request's. Owns: the names.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "engine/norman/norman.h"

namespace engine {

class ProjectScope {
 public:
  // Of a call that is in no project: everything.
  static Result<ProjectScope> of(const Norman& norman, const Call& call);

  bool limits() const { return !home_.empty(); }
  const std::string& home() const { return home_; }  // P
  bool holds(std::string_view ns) const {
    return !limits() || ns == home_ || namespaces_.count(std::string(ns)) > 0;
  }

 private:
  std::string home_;
  std::unordered_set<std::string> namespaces_;
};

}  // namespace engine
