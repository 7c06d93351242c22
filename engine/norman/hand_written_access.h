// HandWrittenAccess: what roles and bindings of Kubernetes that somebody wrote by hand into this
// server's own API (the cluster `local`) say to a question of access_questions.h; where the role is
// the sum of others, also which of them says it. Other clusters' are not kept here and not asked.
// Thread: any. Owns: nothing but references.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/access/rbac_rules.h"

namespace engine {

class HandWrittenAccess {
 public:
  HandWrittenAccess(Authorizer& authorizer, Dispatcher& dispatcher, KindSet& kinds)
      : authorizer_(authorizer), dispatcher_(dispatcher), kinds_(kinds) {}

  struct Question {
    Attributes asked;
    std::string ns, project;         // of this server; empty: anywhere
    std::set<std::string> subjects;  // keys; empty: anybody's
  };
  struct Answers {
    size_t total = 0;
    JsonArray answers;  // at most so many as there is room for
  };
  // Only from bindings that the asker may see.
  Answers answer(const User& asker, const Question& question, size_t room);
  // The project, without its cluster, that a namespace of this server is in; empty: in none.
  std::string project_of(std::string_view ns);

 private:
  struct Found;
  bool sees(const User& asker, const Found& found);
  std::string source_of(std::string_view role, const Attributes& asked);

  Authorizer& authorizer_;
  Dispatcher& dispatcher_;
  KindSet& kinds_;
};

}  // namespace engine
