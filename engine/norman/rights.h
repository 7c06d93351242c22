// Rights: what one user may do with the objects of one kind, asked once for all of them, then once
// a namespace, and by name only where both say no. A list of ten thousand objects costs its owner
// three questions. Thread: one request's. Owns: the answers so far.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/access/authz.h"
#include "engine/kinds/kind.h"

namespace engine {

class Rights {
 public:
  Rights(Authorizer& authorizer, const User& user, KindPtr kind)
      : authorizer_(authorizer), user_(user), kind_(std::move(kind)) {}

  bool all(std::string_view verb) { return of(verb).everywhere; }
  bool allows(std::string_view verb, std::string_view ns, std::string_view name);

 private:
  struct Verb {
    std::string name;
    bool everywhere = false;
    std::unordered_map<std::string, bool> namespaces = {};
  };
  Verb& of(std::string_view verb);
  bool ask(std::string_view verb, std::string_view ns, std::string_view name) const;

  Authorizer& authorizer_;
  const User& user_;
  const KindPtr kind_;
  std::vector<Verb> verbs_;
};

}  // namespace engine
