// Registry::Impl: the parts that create, update, patch and remove share. Private to
// engine/registry. Thread: any. Owns: its admission rules.
#pragma once

#include <functional>

#include "engine/kinds/causes.h"
#include "engine/registry/claims.h"
#include "engine/registry/registry.h"

namespace engine {

struct Registry::Impl {
  Impl(storage::Env& e, storage::Store& s, KindSet& k, const StrategySet& st,
       std::vector<std::unique_ptr<Admission>> a)
      : env(e), store(s), kinds(k), strategies(st), admission(std::move(a)) {}

  storage::Env& env;
  storage::Store& store;
  KindSet& kinds;
  const StrategySet& strategies;
  std::vector<std::unique_ptr<Admission>> admission;

  // What is in the store now, with its resourceVersion in the object.
  struct Current {
    Json object;
    Revision revision = 0;
    std::string stored;
  };
  Result<std::optional<Current>> read(const Kind&, std::string_view ns, std::string_view name);
  Result<std::optional<Current>> seen(const Kind&, const Object&);

  // Whose words a fault of the body is told in: a body that was sent, or the outcome of a patch.
  enum class Source : uint8_t { body, patch };
  // Shape, unknown fields, defaults. `source_text`: the patch, for its error.
  Result<Unit> decode(const Kind&, Json& object, const WriteOptions&, Source,
                      std::string_view source_text = {});

  // Field ownership: whether this write is still to be recorded.
  enum class Fields : uint8_t { record, recorded };
  Result<Written> create(const Kind&, std::string_view ns, Json object, const WriteOptions&,
                         Fields);

  // What a write wants the object to be.
  struct Wanted {
    Json object;
    Fields fields = Fields::record;
    bool unchanged = false;  // nothing to write
  };
  using Make = std::function<Result<Wanted>(const Current&)>;
  // Reads, makes and writes until no other write comes between; a client's resourceVersion ends
  // that at the first conflict.
  Result<Written> rewrite(const Kind&, std::string_view ns, std::string_view name,
                          const WriteOptions&, const Make&);
  // One try; none: another write came between.
  Result<std::optional<Written>> write_over(const Kind&, std::string_view ns, std::string_view name,
                                            const WriteOptions&, const Current&, Wanted);
  Result<Written> apply(const Kind&, std::string_view ns, std::string_view name,
                        std::string_view body, const WriteOptions&);
  // `make` gives the Scale that is wanted, from the one that is.
  Result<Written> rescale(const Kind&, std::string_view ns, std::string_view name,
                          const WriteOptions&, const std::function<Result<Json>(Json)>& make);
  Result<Removed> remove(const Kind&, std::string_view ns, std::string_view name,
                         const RemoveOptions&);

  Result<Unit> admit_mutating(AdmissionRequest&);
  Result<Unit> admit_validating(const AdmissionRequest&);
  // What goes with the write: what the strategy claims, and what admission rules say.
  struct Party {
    Claims claims;
    Companions others;
    bool alone() const { return claims.empty() && others.empty(); }
  };
  Result<Party> party(const AdmittedWrite&, const Strategy&, const std::string& key);
  Result<Unit> validate(const Kind&, const Strategy&, const StrategyContext&, const Json& object,
                        const Json* old, const WriteOptions&);
  // With a plan in the options: fills it in, and gives the error that stands for it.
  Status planned(const WriteOptions&, PlannedWrite, Party);
  // The revision of the commit; none when a check did not hold, of a claim too.
  Result<std::optional<Revision>> outcome(const std::string& key, const std::string* value,
                                          Revision expected, storage::StoreResult<Revision> done);
  Result<std::optional<Revision>> commit(std::string key, std::optional<std::string> value,
                                         Revision expected, Party party);

  // Tells the user's trail, if it has one.
  struct Place {
    std::string_view ns, name;
  };
  static void tell(const User&, const Kind&, Place, Bytes before, Bytes after);

  // What is stored of an object in the kind's shape.
  std::string encode(const Kind&, const Json& object) const;
  // 504 after the deadline: asked before each try, so that what was committed is never denied.
  Result<Unit> in_time(storage::Instant deadline) const;
  Object object_of(const Kind&, std::string_view stored, Revision) const;
  Status conflict(const Kind&, std::string_view name) const;
  Status already_exists(const Kind&, std::string_view ns, std::string_view name);

 private:
  Result<Written> insert(const Kind&, std::string_view ns, Json object, const WriteOptions&,
                         const Strategy&);
  Result<Unit> check_request(const Kind&, std::string_view ns, std::string_view name, Json& object,
                             const Current&, const Strategy&);
  Result<Unit> take_part(const Kind&, std::string_view subresource, Json& object, const Json& old,
                         const Strategy&);
  Result<std::optional<Written>> put(const Kind&, std::string_view ns, std::string_view name,
                                     const WriteOptions&, const Current&, const Strategy&,
                                     const Json& object);
};

// A store's error as a client sees it.
Status to_status(const storage::Error& error);
// "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: WHY".
Status undecodable(const Kind& kind, const std::string& why);
// Null members, empty lists and maps out, as the built-in types do not keep them.
void drop_blank(Json& object, const SchemaNode* node);
bool set_generation(const Kind& kind, const Strategy& strategy, Json& object, const Json* old);

}  // namespace engine
