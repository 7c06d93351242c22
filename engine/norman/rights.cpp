#include "engine/norman/rights.h"

namespace engine {

bool Rights::ask(std::string_view verb, std::string_view ns, std::string_view name) const {
  if (!kind_) return false;
  return authorizer_
      .authorize(user_, {.verb = verb,
                         .group = kind_->group,
                         .resource = kind_->plural,
                         .subresource = {},
                         .ns = ns,
                         .name = name,
                         .path = {}})
      .allowed;
}

Rights::Verb& Rights::of(std::string_view verb) {
  for (Verb& known : verbs_)
    if (known.name == verb) return known;
  verbs_.push_back({std::string(verb), ask(verb, "", "")});
  return verbs_.back();
}

bool Rights::allows(std::string_view verb, std::string_view ns, std::string_view name) {
  Verb& known = of(verb);
  if (known.everywhere) return true;
  if (!ns.empty()) {
    auto found = known.namespaces.find(std::string(ns));
    if (found == known.namespaces.end())
      found = known.namespaces.emplace(std::string(ns), ask(verb, ns, "")).first;
    if (found->second) return true;
  }
  return !name.empty() && ask(verb, ns, name);
}

}  // namespace engine
