// Principals: who a right can be given to: users and groups, as each directory knows them, under
// ids that begin with the directory's own scheme (local://u-xxxxx). PrincipalSource is one
// directory; Principals asks all of them. A principal is the stored form of the API's type of that
// name. Thread: any; a source may take long. Owns: its sources.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/access/tokens.h"
#include "engine/access/users.h"

namespace engine {

struct PrincipalQuery {
  std::string text;  // anywhere in a name, without regard to case; empty: all
  std::string type;  // "user", "group"; empty: both
};

class PrincipalSource {
 public:
  virtual ~PrincipalSource() = default;
  virtual std::string_view scheme() const = 0;  // what its ids begin with, before "://"
  virtual Result<JsonArray> search(const PrincipalQuery& query, size_t most) = 0;
  virtual Result<std::optional<Json>> find(std::string_view id) = 0;
};

class Principals {
 public:
  void add(std::unique_ptr<PrincipalSource> source) { sources_.push_back(std::move(source)); }
  // Best first within a source; at most limits::kPrincipalsFoundMax of all.
  Result<JsonArray> search(const PrincipalQuery& query) const;
  // NotFound unless some source knows it.
  Result<Json> find(std::string_view id) const;

 private:
  std::vector<std::unique_ptr<PrincipalSource>> sources_;
};

// This server's own users and groups.
std::unique_ptr<PrincipalSource> make_local_principals(Dispatcher& dispatcher, KindSet& kinds);
// A local user as a principal.
Json local_principal(const Json& user);

}  // namespace engine
