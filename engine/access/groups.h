// Groups: which local groups a principal is a member of, by the GroupMember objects, as they are
// now and not as they were when somebody logged in. Thread: any. Owns: an index of the members,
// kept true by a subscription that begins with the first question.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/watch/watch_cache.h"

namespace engine {

class Groups {
 public:
  Groups(Dispatcher& dispatcher, KindSet& kinds) : dispatcher_(dispatcher), kinds_(kinds) {}

  // Names of the groups (g-xxxxx) that hold this principal (local://u-xxxxx).
  std::vector<std::string> of(std::string_view principal);
  // What a group is called in bindings and tokens.
  static std::string principal_of(std::string_view group) {
    return "local://" + std::string(group);
  }

 private:
  struct Index;
  std::shared_ptr<Index> index();

  Dispatcher& dispatcher_;
  KindSet& kinds_;
  std::mutex mutex_;
  std::shared_ptr<Index> index_;
  std::unique_ptr<Dispatcher::Subscription> subscription_;  // ends before the index
};

// The groups that a Token gives whoever comes with it, beside the local ones.
std::vector<std::string> groups_of_token(const Json& token);
// Every group that this server knows a user to be in: local ones as they are now, those of
// directories as the user's tokens have them from the last logins, and those of all who log in.
std::vector<std::string> known_groups(Dispatcher& dispatcher, KindSet& kinds, Groups& groups,
                                      std::string_view user);

}  // namespace engine
