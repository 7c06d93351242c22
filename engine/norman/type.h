// Type: what one type of the management API does beyond its schema; TypeSet holds those that do
// anything. A type without one is the plain mapping of its stored kind: list, create, read, merge,
// delete, decided by RBAC on that kind. Thread: implementations are stateless or lock; any. Owns:
// nothing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/access/authz.h"
#include "engine/base/http.h"
#include "engine/norman/conversation.h"
#include "engine/norman/schema_view.h"
#include "engine/norman/state.h"
#include "engine/registry/registry.h"

namespace engine {

class Norman;

// What a type has asked the cluster for to show objects (Type::before_show): its own to know.
struct Beside {
  virtual ~Beside() = default;
};

// One request on one type.
struct Call {
  Norman& norman;
  const Request& request;
  const SchemaView& schema;
  std::string base;     // https://HOST, without a slash
  std::string context;  // cluster or project id under /v3/cluster/ID and /v3/project/ID
  bool remote = false;  // the objects live in a downstream cluster, which decides itself
  mutable std::string shown_once =
      {};  // a secret made for this request, from to_store to after_create
  // The collection of one cluster or project only: the field that refers to it, and its id.
  std::string scope_field = {}, scope_id = {};
  std::string link = {};  // what is asked for of an object in a cluster, if not itself: yaml
  // The union that it was asked through, when its schema is one of those that the union holds.
  const SchemaView* via = nullptr;
  mutable std::shared_ptr<const Beside> beside = {};
  const User& user() const { return request.user; }
};

class Type {
 public:
  virtual ~Type() = default;
  // Of a union (workloads of all kinds): the schema that an id, or a body to be created, is of; the
  // id becomes one of that schema. Others are themselves.
  virtual Result<const SchemaView*> narrowed(const SchemaSet&, const SchemaView& schema,
                                             const Request&, std::string& /*id*/) const {
    return &schema;
  }
  // The schemas whose objects a union's collection holds.
  virtual std::vector<const SchemaView*> members(const SchemaSet&, const SchemaView&) const {
    return {};
  }
  // What to say where nothing holds it.
  virtual Status not_held(const SchemaView&) const;
  // The kind that holds it; by default group and kind of the same name as the schema (of its base
  // type, for subtypes).
  virtual KindPtr holder(const KindSnapshot& kinds, const SchemaView& schema) const;
  // Whether owns() may let somebody see an object where RBAC does not: then such objects have to be
  // looked at one by one.
  virtual bool selects() const { return true; }
  // Whether its kind holds objects of other types too, which holds() tells apart.
  virtual bool shares_kind() const { return false; }
  // Whether the field is another than the mappers make it (by refresh, decorate): then a filter on
  // it costs the whole object.
  virtual bool computes(std::string_view /*field*/) const { return true; }
  // Whether what is shown of an object depends on nothing but the object, the caller's rights to
  // read, change and remove it, and the number that shown_with() gives: not on who asks, the time,
  // or anything else that may change. Then it is encoded once for all who read it.
  virtual bool is_shown_as_stored(std::string_view /*name*/) const { return false; }
  // Stands for what is known of it beside the object: the same number, the same look.
  virtual uint64_t shown_with(std::string_view /*name*/) const { return 0; }
  // The id of the schema that shows this object, where the schema has subtypes; empty: itself.
  virtual std::string_view subtype(const Json& /*stored*/) const { return {}; }
  // Whether a stored object is one of this schema (subtypes share a kind).
  virtual bool holds(const Json& /*stored*/, const SchemaView&) const { return true; }
  // The stored objects of a collection that is not simply its kind's; nullopt: it is.
  virtual std::optional<Result<JsonArray>> own_list(const Call&) const { return std::nullopt; }
  // One stored object by id, likewise.
  virtual std::optional<Result<Json>> own_find(const Call&, std::string_view /*id*/) const {
    return std::nullopt;
  }
  // Whether the caller may do this (get, update, delete) where RBAC alone would not let it: one's
  // own tokens, oneself.
  virtual bool owns(const Call&, const Json& /*stored*/, std::string_view /*verb*/) const {
    return false;
  }
  virtual bool may_create(const Call&, const Json& /*body*/) const { return false; }
  // Checks and completes a body of an API object before it is mapped. On create the body's metadata
  // name and namespace may be set through `name` and `ns`.
  struct Place {
    std::string ns, name, generate_name;
  };
  virtual Result<Unit> before_create(const Call&, const Json& /*raw*/, Json& /*body*/,
                                     Place&) const {
    return Unit{};
  }
  virtual Result<Unit> before_update(const Call&, const Json& /*old_stored*/,
                                     Json& /*changes*/) const {
    return Unit{};
  }
  // Last touch on what is stored (hashes, spec defaults), after mapping.
  virtual Result<Unit> to_store(const Call&, Json& /*stored*/) const { return Unit{}; }
  // The registry refused the new object: in the words of this type.
  virtual Status refused_create(Status status) const { return status; }
  // After a commit; what it adds to `object` goes to the client (a secret shown once).
  virtual Result<Unit> after_create(const Call&, const Json& /*stored*/, Json& /*object*/) const {
    return Unit{};
  }
  virtual Result<Unit> before_remove(const Call&, const Json& /*stored*/) const { return Unit{}; }
  // What a DELETE that is only tried (dryRun=All) answers; nullopt: the object, as it stays.
  virtual std::optional<Answer> removal(const Call&, const Json& /*stored*/) const {
    return std::nullopt;
  }
  // A stored object in the shape that the mappers know, where that is of another version of its
  // kind; to_store brings it back.
  virtual void unfold(Json& /*stored*/) const {}
  // What a stored object is shown as, before it is mapped: what is computed when read.
  virtual void refresh(const Call&, Json& /*stored*/) const {}
  virtual State state(const Call&, const Json& stored) const { return state_of(stored); }
  // Computed fields, and names of links and actions to take away or add.
  struct Look {
    Json* object;
    std::vector<std::string> actions;  // of the schema's, the ones that this object has now
    bool update = true;
    bool remove = true;
    std::string type = {};  // another than the schema's: a subtype seen in its base's collection
    std::string linked_as = {};           // the schema in whose collection it is linked, if another
    std::vector<std::string> links = {};  // that lie behind its own: SELF/revisions
  };
  virtual void decorate(const Call&, const Json& /*stored*/, Look&) const {}
  virtual std::vector<std::string> collection_actions(const Call&) const { return {}; }
  // Those of later versions of this API, which the schemas do not name.
  virtual std::vector<std::string> unlisted_collection_actions() const { return {}; }
  // nullopt: this type knows no such action.
  virtual std::optional<Answer> action(const Call&, std::string_view /*action*/,
                                       const Json& /*stored*/, const Json& /*input*/) const {
    return std::nullopt;
  }
  virtual std::optional<Answer> collection_action(const Call&, std::string_view /*action*/,
                                                  const Json& /*input*/) const {
    return std::nullopt;
  }
  // Whether its objects live in the cluster of the request and are asked of that cluster's API,
  // which then decides itself who may: this server's own cluster is one like any other.
  virtual bool lives_in_cluster() const { return false; }
  // The kind as a cluster serves it, where this server's own API may not have it.
  virtual KindPtr kind_there(const KindSnapshot& kinds, const SchemaView& schema) const {
    return holder(kinds, schema);
  }
  // Whether a cluster may do without it: a CRD's kind.
  virtual bool is_optional() const { return false; }
  // What the cluster is asked, and what is made there, before an object is written and after. On
  // create `old` is null, and what after_write refuses is taken back.
  using Old = std::shared_ptr<const Json>;
  virtual void before_write(Conversation&, const Old&, std::shared_ptr<Json> /*stored*/,
                            Done done) const {
    done(Unit{});
  }
  virtual void after_write(Conversation&, const Old&, std::shared_ptr<const Json> /*written*/,
                           Done done) const {
    done(Unit{});
  }
  // Whether an object shows in lists; others only when they are asked for by id.
  virtual bool is_listed(const Json& /*stored*/) const { return true; }
  // What has to be known beside objects to show them: asked for, and left in the call's `beside`.
  virtual void before_show(Conversation&, std::shared_ptr<const JsonArray> /*objects*/,
                           Done done) const {
    done(Unit{});
  }
  // The schema of what a link of an object in a cluster lists, out of the namespace that it is in;
  // empty: there is no such link.
  virtual std::string_view linked_type(const SchemaView&, std::string_view /*link*/) const {
    return {};
  }
  virtual bool is_linked(const Json& /*stored*/, const Json& /*other*/) const { return false; }
  // An action on an object in a cluster, as a change of the stored object, which is then written;
  // false: there is no such action (then `done` is not called).
  virtual bool act_there(Conversation&, std::string_view /*action*/, const Json& /*input*/,
                         const std::shared_ptr<Json>& /*stored*/, const Done&) const {
    return false;
  }
  // What an action on an object in a downstream cluster changes there, as a merge patch; nullopt:
  // there is no such action there.
  virtual std::optional<Result<Json>> remote_patch(const Call&, std::string_view /*action*/,
                                                   const Json& /*input*/) const {
    return std::nullopt;
  }
  // Whether a create or an action hashes a password: such requests run on the slow pool.
  virtual bool is_slow(std::string_view /*method*/, std::string_view /*action*/) const {
    return false;
  }
};

class TypeSet {
 public:
  void add(std::string schema_id, std::unique_ptr<Type> type);
  const Type& of(const SchemaView& schema) const;

 private:
  std::map<std::string, std::unique_ptr<Type>, std::less<>> types_;
};

}  // namespace engine
