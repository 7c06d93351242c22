// Registry: create, get, list, update, patch and remove for any Kind: decode, default, prune,
// strategy, admission, field ownership, commit. It does not decide who may (the api and norman
// filters do, before calling it) and keeps no cache (WatchCache does). Thread: any; calls may wait
// for the store. Owns: nothing but references given at construction. Errors: Status as
// kube-apiserver gives them. Source: k8s.io/apiserver pkg/registry/generic/registry,
// pkg/endpoints/handlers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kinds/kind.h"
#include "engine/kinds/strategy.h"
#include "storage/base/env.h"
#include "storage/kv/store.h"

namespace engine {

using storage::Revision;
using Bytes = std::shared_ptr<const std::string>;

// An object as served: the JSON that was validated, with its resourceVersion in place.
struct Object {
  Bytes bytes;
  Revision revision = 0;
  Json json() const;  // parses; stored bytes are always valid
};

// One committed write of one object, in the order of the commits of one request.
struct WroteObject {
  std::string_view group, resource, ns, name;
  Bytes before, after;  // null: it was not there
};
// Told on the thread of the write, after its commit: must not wait. Thread: any.
class WriteTrail {
 public:
  virtual ~WriteTrail() = default;
  virtual void wrote(const WroteObject& object) = 0;
};

enum class FieldValidation : uint8_t { ignore, warn, strict };
enum class PatchType : uint8_t { json, merge, strategic, apply };  // apply also takes YAML

// A write that is ready and not committed, for callers that do not wait for the disk.
struct PlannedWrite {
  bool ready = false;
  storage::Txn txn;
  std::string key;
  Revision expected = storage::kAbsent;  // what the key must still be at
  std::string bytes;                     // the object, as stored
  bool created = false;
  bool removes = false;  // the write ends the object
  // Who is told of it when it is committed, and of what; null: nobody.
  std::shared_ptr<WriteTrail> trail = nullptr;
  std::string ns = {}, name = {};
  Bytes before = nullptr;
};

struct WriteOptions {
  User user;
  std::string field_manager;  // empty: no managedFields entry is made by name of the user agent;
                              // see apply.h
  FieldValidation field_validation = FieldValidation::warn;
  std::vector<std::string> duplicates;  // of the decoded body, for field validation
  std::string subresource;              // "", "status", "scale"
  std::vector<std::string>* warnings = nullptr;
  bool dry_run = false;
  storage::Instant deadline = storage::Instant::max();  // nothing is begun after it: 504
  bool force = false;                                   // apply: take fields from other managers
  // Where set, a write that would be committed is put there instead, and the call ends with an
  // error that is nobody's answer; what needs no commit is answered as always.
  PlannedWrite* plan = nullptr;
  // With a plan: the object as somebody has seen it, instead of reading it anew. Where it is not
  // the newest, settle() says so; any other end than a plan then means nothing.
  const Object* seen = nullptr;
  // Asked before a write that was to change an object makes one; unset: it may.
  std::function<Result<Unit>()> may_create;
};

struct Precondition {
  std::string uid;               // empty: any
  std::string resource_version;  // empty: any
};

enum class Propagation : uint8_t { by_default, orphan, background, foreground };

struct RemoveOptions {
  User user;
  Precondition precondition;
  std::optional<int64_t> grace_period_seconds;
  Propagation propagation = Propagation::by_default;
  bool dry_run = false;
  storage::Instant deadline = storage::Instant::max();
};

struct Removed {
  Object object;  // the object as it was, or as it is now while finalizers hold it
  bool gone = false;
};

struct Written {
  Object object;
  bool created = false;  // patch by apply may create
};

// Last word before a commit. Mutating calls first, in order, then validating ones; the first error
// wins.
struct AdmissionRequest {
  enum class Operation : uint8_t { create, update, remove } operation;
  const Kind& kind;
  std::string_view ns;
  std::string_view name;
  std::string_view subresource;
  Json* object;     // null for remove
  const Json* old;  // null for create
  const User& user;
  bool dry_run;
};
// Keys of other objects that go into the transaction of a write (a quota's use).
struct Companions {
  std::vector<storage::Check> checks;
  std::vector<storage::Write> writes;
  bool empty() const { return checks.empty() && writes.empty(); }
};
// A write that is ready: what it makes of the object at its key.
struct AdmittedWrite {
  const Kind& kind;
  std::string_view ns;
  std::string_view name;
  std::string_view subresource;
  const Json* object;  // null: it goes
  const Json* old;     // null: it is new
  const User& user;
};
class Admission {
 public:
  virtual ~Admission() = default;
  virtual Result<Unit> mutate(AdmissionRequest&) { return Unit{}; }
  virtual Result<Unit> validate(const AdmissionRequest&) { return Unit{}; }
  // Asked anew before each try of the commit, also of the write that ends an object: what has to be
  // true of other keys and what is written to them with it. An error refuses the write.
  virtual Result<Unit> accompany(const AdmittedWrite&, Companions&) { return Unit{}; }
};

class Registry {
 public:
  Registry(storage::Env&, storage::Store&, KindSet&, const StrategySet&,
           std::vector<std::unique_ptr<Admission>>);
  ~Registry();

  Result<Written> create(const Kind&, std::string_view ns, Json body, const WriteOptions&);
  // Without a body's resourceVersion the update is unconditional. Conflicts between read and commit
  // are retried where the client gave none.
  Result<Written> update(const Kind&, std::string_view ns, std::string_view name, Json body,
                         const WriteOptions&);
  Result<Written> patch(const Kind&, std::string_view ns, std::string_view name, PatchType,
                        std::string_view body, const WriteOptions&);
  Result<Removed> remove(const Kind&, std::string_view ns, std::string_view name,
                         const RemoveOptions&);
  // What came of a planned write; none when another write came between: then it is to be done anew,
  // without a plan.
  Result<std::optional<Written>> settle(const Kind&, const PlannedWrite&,
                                        storage::StoreResult<Revision> done);
  // Read-modify-write by code of ours (controllers, actions): `change` may run again after a
  // conflict; false from it: nothing to write.
  Result<Written> modify(const Kind&, std::string_view ns, std::string_view name,
                         const WriteOptions&, const std::function<Result<bool>(Json&)>& change);

  // Straight from the store. kLatest: newest.
  Result<Object> get(const Kind&, std::string_view ns, std::string_view name,
                     Revision at = storage::kLatest);
  // The scale subresource, as autoscaling/v1 Scale; 404 where the kind has none. (update() and
  // patch() take and give a Scale when their subresource is "scale".)
  Result<Object> get_scale(const Kind&, std::string_view ns, std::string_view name);
  struct ListPage {
    std::vector<Object> objects;
    Revision revision = 0;
    std::string next_key;  // empty: the last page
    uint64_t rest = 0;
  };
  Result<ListPage> list(const Kind&, std::string_view ns, Revision at, std::string_view after_key,
                        size_t limit_max);

  storage::Store& store();
  KindSet& kinds();
  storage::Env& env();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Served bytes of a stored record (resourceVersion spliced in where the writer left its place,
// apiVersion of `kind` when it differs from the stored one).
Object served(const Kind&, const storage::Record&);

}  // namespace engine
